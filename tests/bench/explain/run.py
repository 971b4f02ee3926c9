#!/usr/bin/env python3
"""Whether every change of weights can be explained, and how fast: a policy steers for half an hour while faults come and go.

usage: scripts/bench explain [--minutes 30] [--rate 30] [--seed 1] [--policy learned]

Three regions whose servers have work to do; `learned` steers (mode auto). By the seed, servers die, fall silent or slow
down, paths are cut, a region vanishes, the controller is killed, and an operator pins, drills and evacuates. All the
while a random change or moment is asked for with `weirctl weights explain`, timed from the command's start to its end.

It fails when a change of the whole time, by whomever, has no reason, when one that a policy made says not what was
expected, when an explanation is of another change than the one asked for, or when the 95th percentile of the answers
is above 100 ms. `weirctl completion bash`, which asks nobody, is timed beside them: what the machine takes by itself.
"""
import argparse
import collections
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("WEIR_DEMO_RUN", f"/run/weir-explain{os.getpid()}")
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "deploy" / "demo"))

import faults  # noqa: E402
from lab import BIN, REGIONS, RUN, SERVERS, SERVICE, DemoError, number, running_lab, snake  # noqa: E402

OBJECTIVE_MS = 175
LIMIT_MS = 100
ASK_EVERY_S = 1.0
COLLECT_EVERY_S = 10      # the controller keeps the newest thousand changes; far fewer come within this
KEPT = 900                # of which this many are asked for: the oldest may fall out between choosing and asking
FAULT_S, CALM_S = (8, 20), (8, 25)
POLICIES = ("learned", "planner", "waterfall")
FAULTS = ("servers", "silent", "slow", "busy", "path", "region", "controller", "pin", "drill", "evacuate", "rollback")


def say(text):
    print(text, flush=True)


class Weather:
    """Faults and operators, one after the other, by the seed."""

    def __init__(self, lab, rng):
        self.lab = lab
        self.rng = rng
        self.next_at = time.monotonic() + 5
        self.undo = None
        self.struck = collections.Counter()

    def step(self):
        if time.monotonic() < self.next_at:
            return
        if self.undo:
            self.undo()
            self.undo = None
            self.next_at = time.monotonic() + self.rng.uniform(*CALM_S)
            return
        kind, region = self.rng.choice(FAULTS), self.rng.choice(REGIONS)
        self.struck[kind] += 1
        say(f"  {time.strftime('%H:%M:%S')} {kind} {region}")
        self.undo = self.strike(kind, region)
        self.next_at = time.monotonic() + self.rng.uniform(*FAULT_S)

    def strike(self, kind, region):
        """Does it and returns what undoes it."""
        lab = self.lab
        if kind == "busy":
            self.tell(region, signal.SIGUSR1)
            return lambda: self.tell(region, signal.SIGUSR2)
        if kind == "controller":
            lab.kill("controller")
            lab.start_controller()
            lab.wait_for_controller()
            return lambda: None
        if kind == "pin":
            lab.weirctl("weights", "pin", SERVICE, ",".join(f"{r}={self.rng.randint(1, 100)}" for r in REGIONS),
                        "--from", region, "--yes")
            return lambda: lab.weirctl("weights", "unpin", SERVICE, "--from", region, "--yes")
        if kind == "rollback":
            lab.weirctl_exit("policy", "rollback", SERVICE, "--yes")  # refused where nothing would change
            return lambda: lab.weirctl_exit("weights", "unpin", SERVICE, "--yes")
        if kind in ("drill", "evacuate"):
            words = ("drill", SERVICE, "--drop", region) if kind == "drill" else ("evacuate", region)
            lab.weirctl_exit("failover", *words, "--for", "2m", "--yes")
            return lambda: lab.weirctl_exit("failover", "cancel", region)
        faults.apply(lab, region, kind, faults.peer_of(region, None) if kind == "path" else None)
        return lambda: faults.heal(lab)

    def tell(self, region, number_of_signal):
        for server in SERVERS:
            self.lab.signal(f"{region}-{server}", number_of_signal)


class Bench:
    def __init__(self, lab, options):
        self.lab = lab
        self.options = options
        self.rng = random.Random(options.seed)
        self.begun = time.time()
        self.changes = {}  # (epoch, generation, source): the change, newest answer
        self.took = []     # milliseconds of every answered explain
        self.alone = []    # of weirctl itself
        self.complaints = []

    def run(self):
        weather = Weather(self.lab, random.Random(self.options.seed + 1))
        end = time.monotonic() + 60 * self.options.minutes
        collect_at = 0
        with contextlib.suppress(SystemExit):  # a signal ends it early: what was found until then is said all the same
            while time.monotonic() < end:
                weather.step()
                if time.monotonic() >= collect_at:
                    self.collect()
                    collect_at = time.monotonic() + COLLECT_EVERY_S
                self.ask()
                time.sleep(ASK_EVERY_S)
        if weather.undo:
            weather.undo()
        self.collect()
        return self.conclude(weather.struck)

    def collect(self):
        for change in snake(self.lab.weirctl("weights", "history", "--limit", "1000", timeout=30)).get("changes", []):
            self.changes[number(change, "epoch"), number(change, "generation"), change["from_region"]] = change

    def ask(self):
        """One explanation, of a change by its revision or of what was in force at a moment."""
        newest = sorted(self.changes.values(), key=lambda change: number(change, "unix_ms"))[-KEPT:]
        if not newest:
            return
        change = self.rng.choice(newest)
        first = next(other for other in newest if other["from_region"] == change["from_region"])
        at_ms = self.rng.uniform(number(first, "unix_ms") + 1000, time.time() * 1000 + 1000)  # --at takes whole seconds
        by_time = self.rng.random() < 0.5
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_ms / 1000))
        words = ("--at", at) if by_time else ("--revision", str(number(change, "generation")))
        begun = time.monotonic()
        code, out, err = self.lab.weirctl_exit("weights", "explain", SERVICE, "--from", change["from_region"], *words)
        took = 1000 * (time.monotonic() - begun)
        if code != 0:
            self.complaints.append(f"explain {change['from_region']} {' '.join(words)}: {err.strip() or out.strip()}")
            return
        self.took.append(took)
        if "Why\n" not in out:
            self.complaints.append(f"explain {change['from_region']} {' '.join(words)} gives no reason")
        wanted = f"revision {number(change, 'epoch')}.{number(change, 'generation')},"
        if not by_time and wanted not in out:
            self.complaints.append(f"explain {change['from_region']} {' '.join(words)} is of another: {out.splitlines()[0]}")
        begun = time.monotonic()
        subprocess.run([BIN / "weirctl", "completion", "bash"], capture_output=True, check=True)
        self.alone.append(1000 * (time.monotonic() - begun))

    def complain_of_changes(self):
        for key, change in sorted(self.changes.items()):
            name = f"{key[0]}.{key[1]} from {key[2]} by {change.get('by', '')!r}"
            reasons = change.get("reasons", [])
            if not change.get("by") or not reasons or not all(reason.get("term") for reason in reasons):
                self.complaints.append(f"change {name} has no reason: {change}")
            elif change["by"].split(",")[0] in POLICIES and "expected_in_objective_ppm" not in change:
                self.complaints.append(f"change {name} says not what was expected: {change}")

    def conclude(self, struck):
        self.complain_of_changes()
        by = collections.Counter(change.get("by", "") for change in self.changes.values())
        terms = collections.Counter(reason["term"] for change in self.changes.values() for reason in change.get("reasons", []))
        followed = sum("seen_after" in change for change in self.changes.values())
        say("faults and operators: " + ", ".join(f"{name} {count}" for name, count in sorted(struck.items())))
        say("changes by: " + ", ".join(f"{name} {count}" for name, count in by.most_common()))
        say("reasons: " + ", ".join(f"{name} {count}" for name, count in terms.most_common()))
        say(f"what came of it was measured for {followed} of {len(self.changes)}")
        if len(self.took) < 20:
            self.complaints.append(f"only {len(self.took)} explanations were given")
        for name, times in (("explain", self.took), ("weirctl alone", self.alone)):
            if times:
                say(f"{name}: {len(times)} times, p50 {at(times, 0.5):.1f} ms, p95 {at(times, 0.95):.1f} ms, "
                    f"max {max(times):.1f} ms")
        if self.took and at(self.took, 0.95) > LIMIT_MS:
            self.complaints.append(f"p95 of explain is {at(self.took, 0.95):.1f} ms, limit {LIMIT_MS} ms")
        for complaint in self.complaints[:20]:
            say(f"bench-explain: fell short: {complaint}")
        say(f"bench-explain: {'FAILED' if self.complaints else 'ok'} minutes={(time.time() - self.begun) / 60:.1f} "
            f"changes={len(self.changes)} unexplained_or_wrong={len(self.complaints)} explained={len(self.took)}"
            + (f" p95_ms={at(self.took, 0.95):.1f}" if self.took else ""))
        return not self.complaints


def at(values, part):
    return sorted(values)[min(int(part * len(values)), len(values) - 1)]


def parse():
    parser = argparse.ArgumentParser(prog="scripts/bench explain", description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=int, default=30, help="requests per second from each region")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--policy", default="learned")
    return parser.parse_args()


def main():
    options = parse()
    niceness = os.nice(0)
    with running_lab() as lab:
        if niceness > 0:  # whoever asked for a quiet run gets one; a lab otherwise goes before what else runs
            os.setpriority(os.PRIO_PROCESS, 0, niceness)
        lab.up(options.seed, say, busy_servers=True, objective_ms=OBJECTIVE_MS, policy=options.policy)
        lab.wait_for_mesh(60)
        for region in REGIONS:
            lab.start_client(region, options.rate, every=False)
        lab.weirctl("policy", "mode", "auto", "--service", SERVICE, "--yes")
        say(f"{options.policy} steers; {options.minutes:g} minutes, seed {options.seed}, logs in {RUN}/log")
        return 0 if Bench(lab, options).run() else 1


if __name__ == "__main__":
    try:
        with contextlib.suppress(KeyboardInterrupt):
            sys.exit(main())
    except DemoError as error:
        print(f"bench-explain: {error}", file=sys.stderr)
        sys.exit(1)
