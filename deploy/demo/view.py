"""The demo's terminal: a page drawn twice a second, and keys."""
import os
import select
import shutil
import sys
import termios
import threading
import time
import tty

import faults
from lab import REGIONS, RUN, SERVICE, DemoError, number, snake
from load_log import LoadLog

KEYS = {"s": "servers", "i": "silent", "l": "slow", "p": "path", "r": "region"}
WINDOW = 5  # seconds of requests behind each figure


class Controller:
    """What the controller says, asked for on a thread of its own: the page never waits for it."""

    def __init__(self, lab):
        self.lab = lab
        self.answers = {}
        self.error = None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.ask, daemon=True)

    def ask(self):
        questions = {"status": ["status"], "weights": ["weights", "get"], "paths": ["paths", "ls"],
                     "failovers": ["failover", "ls"]}
        while not self.ended.is_set():
            for name, words in questions.items():
                try:
                    self.answers[name] = snake(self.lab.weirctl(*words, timeout=3))
                    self.error = None
                except (DemoError, OSError, ValueError) as error:
                    self.error = str(error).splitlines()[0]
                self.ended.wait(0.4)

    def get(self, name, field):
        return self.answers.get(name, {}).get(field, [])


class View:
    def __init__(self, lab):
        self.lab = lab
        self.controller = Controller(lab)
        self.logs = {region: LoadLog(RUN / region / "load.jsonl") for region in REGIONS}
        self.chosen = REGIONS[1]
        self.message = ""

    def run(self):
        self.controller.thread.start()
        try:
            if sys.stdout.isatty() and sys.stdin.isatty():
                self.run_terminal()
            else:
                self.run_plain()
        finally:
            self.controller.ended.set()
            self.controller.thread.join(timeout=5)

    def run_plain(self):
        """Without a terminal: the page every ten seconds, until interrupted."""
        while self.lab.is_up():
            time.sleep(10)
            print("\n".join(self.page()), "\n", flush=True)

    def run_terminal(self):
        before = termios.tcgetattr(sys.stdin)
        try:
            tty.setcbreak(sys.stdin)
            sys.stdout.write("\x1b[?1049h\x1b[?25l")
            while self.lab.is_up():
                self.draw()
                if select.select([sys.stdin], [], [], 0.5)[0] and not self.key(os.read(sys.stdin.fileno(), 1).decode("latin-1")):
                    break
        finally:
            sys.stdout.write("\x1b[?25h\x1b[?1049l")
            sys.stdout.flush()
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)

    def draw(self):
        size = shutil.get_terminal_size()
        lines = [line[:size.columns] for line in self.page() + self.help()][:size.lines - 1]
        sys.stdout.write("\x1b[H" + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J")
        sys.stdout.flush()

    def key(self, key):
        """False at the end."""
        if key == "q":
            return False
        self.message = ""
        try:
            if key in "123":
                self.chosen = REGIONS[int(key) - 1]
            elif key in KEYS:
                faults.apply(self.lab, self.chosen, KEYS[key])
            elif key == "h":
                self.message = f"{len(faults.heal(self.lab))} faults healed"
            elif key == "k":
                self.toggle_controller()
        except (DemoError, OSError) as error:
            self.message = str(error)
        return True

    def toggle_controller(self):
        if self.lab.alive("controller"):
            self.lab.kill("controller")
            self.message = "controller killed; k starts it again"
        else:
            self.lab.start_controller()
            self.message = "controller started"

    # The page.

    def page(self):
        return [*self.head(), "", *self.paths(), "", *self.weights(), "", *self.clients(), "", *self.state()]

    def head(self):
        status = self.controller.answers.get("status", {})
        line = (f"weir demo   agents {number(status, 'agents_synced')} of {number(status, 'agents_total')} in sync   "
                f"paths {number(status, 'paths_up')} of {number(status, 'paths_total')} up   "
                f"servers {number(status, 'endpoints_healthy')} of {number(status, 'endpoints_total')} healthy   "
                f"revision {number(status, 'epoch')}.{number(status, 'generation')}")
        if not self.lab.alive("controller"):
            return [line, "controller: not running; what is shown of it is old"]
        return [line, f"controller: {self.controller.error}" if self.controller.error else ""]

    def paths(self):
        cells = {}
        for entry in self.controller.get("paths", "paths"):
            path = entry.get("path", {})
            text = f"{number(path, 'rtt_p50_us') / 1000:7.1f} ms"
            if number(path, "loss_ppm"):
                text += f" {number(path, 'loss_ppm') / 10000:.1f}%"
            cells[entry.get("from_region"), path.get("to_region")] = text if path.get("up") else "DOWN"
        return table("paths (round trip, loss)", REGIONS,
                     [[cells.get((a, b), "-" if a == b else "?") for b in REGIONS] for a in REGIONS])

    def weights(self):
        rows = {row.get("from_region"): row for row in self.controller.get("weights", "rows")
                if row.get("service") == SERVICE}
        lines = []
        for source in REGIONS:
            seen = self.recent_regions(source)
            total = sum(seen.values())
            cells = {cell["region"]: cell for cell in rows.get(source, {}).get("to", [])}
            line = []
            for region in REGIONS:
                cell = cells.get(region, {})
                share = f"{100 * seen.get(region, 0) / total:5.1f}%" if total else "     -"
                state = cell.get("state", "active").split(":")[0]  # the reason is with the failovers
                line.append((f"{state}  " if state != "active" else "") +
                            f"{number(cell, 'weight'):d}  {number(cell, 'effective_share_ppm') / 10000:.1f}%  {share}")
            lines.append(line)
        return table(f"{SERVICE}: weight, share in force, share really sent", REGIONS, lines, 34)

    def recent_regions(self, source):
        counts = {}
        for second in self.logs[source].read().seconds[-WINDOW:]:
            for region, n in second["regions"].items():
                counts[region] = counts.get(region, 0) + n
        return counts

    def clients(self):
        lines = []
        for region in REGIONS:
            log = self.logs[region].read()
            last = log.seconds[-WINDOW:]
            if not last:
                lines.append(["-"] * 6)
                continue
            lines.append([f"{sum(s['sent'] for s in last) / len(last):.0f}", f"{median(s['p50_ms'] for s in last):.1f} ms",
                          f"{max(s['p99_ms'] for s in last):.1f} ms", str(sum(s["errors"] for s in last)),
                          str(sum(s["lost"] for s in last)), f"{log.lost} of {log.sent}"])
        return table(f"clients, last {WINDOW} s", ("req/s", "p50", "p99", "errors", "lost", "lost in all"), lines, 14)

    def state(self):
        broken = [f"{region} {kind}" + (f" to {other}" if other else "")
                  for region, kind, other in self.lab.read_state()["faults"]]
        moved = [f"{f.get('from_region')} -> {f.get('to_region')}: {f.get('state')}"
                 for f in self.controller.get("failovers", "failovers")]
        return [f"broken: {', '.join(broken) or 'nothing'}", "failovers:" + ("" if moved else " none"),
                *[f"  {line}" for line in moved[:6]], self.message]

    def help(self):
        regions = "  ".join(f"{'[' if region == self.chosen else ' '}{i} {region}{']' if region == self.chosen else ' '}"
                            for i, region in enumerate(REGIONS, 1))
        return [f"region {regions}",
                "break: s servers  i silent  l slow  p path  r region     h heal all     k controller kill/start     q quit",
                "or in another terminal: scripts/demo break eu-west-1 servers, scripts/demo heal, scripts/demo weirctl status",
                f"or in a browser: http://127.0.0.1:{self.lab.web_port}"]


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def table(title, columns, rows, width=20):
    lines = [title, " " * 16 + "".join(f"{column:>{width}}" for column in columns)]
    for name, cells in zip(REGIONS, rows):
        lines.append(f"{name:<16}" + "".join(f"{cell:>{width}}" for cell in cells))
    return lines
