#!/usr/bin/env python3
"""Weir's tunnel against wireguard-go, side by side on this machine.

usage: scripts/bench tunnel [--rows tcp,udp,...] [--rounds N] [--seconds S] [--against PROGRAM] [--json FILE] [--txqueue N]
       scripts/bench tunnel --flame FILE.svg [--seconds S]

Two namespaces joined by one veth pair hold both ends of both tunnels, which stay up side by side; rounds go A B A B.
What is compared is work done by the same two cores, not a line's rate. wireguard-go is that of bookworm-backports, taken
from the machine's own Debian mirror into a folder of its own; `--against` takes any program that is called with an
interface's name and serves wg(8). Ratios are judged, figures are not; where a row's rounds spread by more than 10 %
around their median, or other work took more than 4 % of the machine, the row is shown and not judged.

rows: tcp (1 and 4 streams, both ways, CPU, ping meanwhile)  plain (the same, one stream, veth without offloads)  udp
(64 and 1400 bytes without loss)  ping (idle and flood)  memory (0, 1, 100, 1000 peers)  handshakes  far (40 ms of round
trip through weir-netlab, without and with 1 % loss)  idle (wake-ups with 100 peers)  bulk (wg setconf and show)
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "integration" / "wireguard"))
os.environ.setdefault("WEIR_BIN", str(ROOT / "build" / "release" / "bin"))
import backports  # noqa: E402
import flame  # noqa: E402
import tunnel_lab  # noqa: E402
from tunnel_lab import Pair, clean_up_when_interrupted, inside, is_alive, run, wait_until  # noqa: E402

BIN = Path(os.environ["WEIR_BIN"])
BENCH = BIN / "weir-bench-tunnel"
SPREAD_MAX = 0.10
FOREIGN_MAX = 0.04
LOSS_MAX = 0.005
TICKS = os.sysconf("SC_CLK_TCK")

# name: (what, whether more is better, what the ratio Weir / other must be at least or at most)
JUDGED = {
    "tcp1": ("TCP, 1 stream, slower way, Gbit/s", True, 1.65),
    "tcp4": ("TCP, 4 streams, slower way, Gbit/s", True, 1.9),
    "cpu1": ("CPU of both daemons per Gbit/s, 1 stream", False, 0.55),
    "udp64": ("UDP 64 B without loss, packets/s", True, 2.7),
    "udp1400": ("UDP 1400 B without loss, packets/s", True, 2.4),
    "ping": ("ping p50 idle, ms", False, 0.67),
    "flood": ("flood ping average, ms", False, 0.4),
    "plain1": ("TCP, 1 stream, veth without offloads, Gbit/s", True, 1.65),
    "handshakes": ("handshakes answered per CPU-second", True, 1.3),
}


def opponent():
    """The path of wireguard-go from bookworm-backports."""
    try:
        return backports.program()
    except backports.Unavailable as problem:
        sys.exit(f"tunnel: {problem}; name another program with --against PROGRAM")


def need(*programs):
    """Installs what is missing of Debian's own."""
    missing = [package for program, package in programs if subprocess.run(
        ["sh", "-c", f"command -v {program}"], stdout=subprocess.DEVNULL, check=False).returncode != 0]
    if missing:
        print("Installing " + " ".join(missing), file=sys.stderr)
        subprocess.run(["apt-get", "install", "-y", "-qq", *missing], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def cpu_of(pid):
    """Seconds of processor time."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1)) / 1024


def machine_cpu():
    """Busy seconds of the whole machine."""
    fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def switches(pid):
    """How often the threads of a process went to sleep of their own will."""
    return sum(int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", task.read_text(), re.M).group(1))
               for task in Path(f"/proc/{pid}/task").glob("*/status"))


def in_namespace(name, *command, **options):
    return subprocess.Popen(["ip", "netns", "exec", name, *map(str, command)], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, **options)


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


class Contender:
    def __init__(self, name, program, prefix, txqueue=None):
        self.name = name
        self.pair = Pair(prefix, program, program)
        self.txqueue = txqueue

    def up(self):
        self.pair.open()
        self.pair.configure()
        if self.txqueue:
            for side in (self.pair.left, self.pair.right):
                side.ip("link", "set", side.interface, "txqueuelen", self.txqueue)
        tunnel_lab.ping(self.pair.left, "10.77.0.2", 1)
        return self

    def sides(self, forth):
        ends = (self.pair.left, "10.77.0.1"), (self.pair.right, "10.77.0.2")
        (source, _), (sink, address) = ends if forth else ends[::-1]
        return source, sink, address

    def pids(self):
        return self.pair.left.pid, self.pair.right.pid


def tcp(contender, streams, forth, seconds):
    """Gbit/s, CPU seconds of both daemons per second, round trips meanwhile (ms) and pings lost."""
    source, sink, address = contender.sides(forth)
    server = in_namespace(sink.namespace, "iperf3", "-s", "-1", "-p", "5301")
    wait_until(lambda: listens(sink.namespace, 5301), "iperf3 listens")
    pings = in_namespace(source.namespace, "ping", "-i", "0.02", "-c", int(seconds * 45), "-W", "2", address)
    before = sum(map(cpu_of, contender.pids()))
    start = time.monotonic()
    client = in_namespace(source.namespace, "iperf3", "-c", address, "-p", "5301", "-C", "cubic", "-Z", "-J", "-t", seconds,
                          "-P", streams)
    answer = json.loads(client.communicate(timeout=seconds + 30)[0])
    took = time.monotonic() - start
    cpu = (sum(map(cpu_of, contender.pids())) - before) / took
    server.wait(10)
    text = pings.communicate(timeout=seconds + 30)[0]
    lost = re.search(r"(\d+) packets transmitted, (\d+) received", text)
    if "error" in answer:
        raise RuntimeError(f"iperf3: {answer['error']}")
    return {"gbps": answer["end"]["sum_received"]["bits_per_second"] / 1e9, "cpu": cpu,
            "rtts": [float(ms) for ms in re.findall(r"time=([\d.]+) ms", text)],
            "lost": int(lost.group(1)) - int(lost.group(2)) if lost else -1}


def listens(namespace, port):
    with inside(namespace):
        return f":{port:04X} " in "".join(
            line.split()[1] + " " for line in Path("/proc/thread-self/net/tcp").read_text().splitlines()[1:]
            if line.split()[3] == "0A") + "".join(
            line.split()[1] + " " for line in Path("/proc/thread-self/net/tcp6").read_text().splitlines()[1:]
            if line.split()[3] == "0A")


def udp_rate(contender, size, seconds):
    """The highest rate of which at most 0.5 % was lost, packets per second."""

    def share_lost(rate):
        sink = in_namespace(contender.pair.right.namespace, BENCH, "count", "--port", 5400, "--quiet", 0.3)
        time.sleep(0.1)
        sent = int(in_namespace(contender.pair.left.namespace, BENCH, "send", "--to", "10.77.0.2:5400", "--size", size,
                                "--rate", rate, "--seconds", seconds).communicate(timeout=30)[0])
        got = int(sink.communicate(timeout=30)[0])
        achieved = sent / seconds
        return 1 - got / sent if achieved > 0.97 * rate else 1.0

    low, high = 10_000.0, 20_000.0
    while share_lost(high) <= LOSS_MAX and high < 2_000_000:
        low, high = high, high * 1.6
    while high / low > 1.04:
        middle = (low * high) ** 0.5
        if share_lost(middle) <= LOSS_MAX:
            low = middle
        else:
            high = middle
    return low


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.rows = {}   # name: {contender: [figure of each round]}
        self.notes = {}
        self.foreign = {}

    def note(self, row, contender, value):
        self.rows.setdefault(row, {}).setdefault(contender.name, []).append(value)

    def rounds(self, rows, measure):
        """Interleaved; keeps account of what else the machine did."""
        for number in range(self.arguments.rounds):
            for contender in self.contenders:
                measure(contender)
                print(f"  round {number + 1} {contender.name}: " + ", ".join(
                    f"{row} {self.rows[row][contender.name][-1]:.4g}" for row in rows if row in self.rows), file=sys.stderr)

    # Rows.

    def tcp(self):
        seconds = self.arguments.seconds

        def measure(contender):
            for streams in (1, 4):
                ways = [tcp(contender, streams, forth, seconds) for forth in (True, False)]
                self.note(f"tcp{streams}", contender, min(way["gbps"] for way in ways))
                self.note(f"cpu{streams}", contender, statistics.mean(100 * way["cpu"] / way["gbps"] for way in ways))
                rtts = [rtt for way in ways for rtt in way["rtts"]]
                self.note(f"rtt{streams}_p50", contender, percentile(rtts, 0.5))
                self.note(f"rtt{streams}_p99", contender, percentile(rtts, 0.99))
                self.note(f"rtt{streams}_lost", contender, sum(way["lost"] for way in ways))
        self.rounds(["tcp1", "tcp4", "cpu1", "cpu4", "rtt1_p50", "rtt1_p99", "rtt4_p50", "rtt4_p99", "rtt4_lost"], measure)

    def plain(self):
        pairs = [(c, side) for c in self.contenders for side in "ab"]
        for contender, side in pairs:
            run("ip", "netns", "exec", contender.pair.names[side], "ethtool", "-K", f"{contender.pair.prefix}v{side}", "tso",
                "off", "gso", "off", "tx-udp-segmentation", "off")

        def measure(contender):
            ways = [tcp(contender, 1, forth, self.arguments.seconds) for forth in (True, False)]
            self.note("plain1", contender, min(way["gbps"] for way in ways))
        try:
            self.rounds(["plain1"], measure)
        finally:
            for contender, side in pairs:
                run("ip", "netns", "exec", contender.pair.names[side], "ethtool", "-K", f"{contender.pair.prefix}v{side}",
                    "tso", "on", "gso", "on", "tx-udp-segmentation", "on")

    def udp(self):
        def measure(contender):
            self.note("udp64", contender, udp_rate(contender, 64, 1.5))
            self.note("udp1400", contender, udp_rate(contender, 1372, 1.5))
        self.rounds(["udp64", "udp1400"], measure)

    def ping(self):
        def measure(contender):
            name = contender.pair.left.namespace
            text = in_namespace(name, "ping", "-i", "0.005", "-c", 1000, "10.77.0.2").communicate(timeout=60)[0]
            rtts = [float(ms) for ms in re.findall(r"time=([\d.]+) ms", text)]
            self.note("ping", contender, percentile(rtts, 0.5))
            self.note("ping_p99", contender, percentile(rtts, 0.99))
            text = in_namespace(name, "ping", "-f", "-q", "-c", 20000, "10.77.0.2").communicate(timeout=60)[0]
            self.note("flood", contender, float(re.search(r"= [\d.]+/([\d.]+)/", text).group(1)))
        self.rounds(["ping", "ping_p99", "flood"], measure)

    def memory(self):
        """RSS of a fresh daemon with so many peers; then what a minute of load adds."""
        for contender in self.fresh("bm"):
            side = contender.pair.left
            for count in (1, 100, 1000):
                side.wg("setconf", "/dev/stdin", text=peers_config(side.private_key, count))
                self.note(f"rss{count}", contender, rss_mb(side.pid))
            contender.pair.close()
        for contender in self.fresh("bg"):
            contender.pair.configure()
            tunnel_lab.ping(contender.pair.left, "10.77.0.2", 1)
            before = [rss_mb(pid) for pid in contender.pids()]
            tcp(contender, 4, True, self.arguments.load_seconds)
            after = [rss_mb(pid) for pid in contender.pids()]
            self.note("growth", contender, max(b - a for a, b in zip(before, after)))
            contender.pair.close()

    def handshakes(self):
        with tempfile.TemporaryDirectory() as scratch:
            keys = f"{scratch}/keys"
            public = run(BENCH, "make-keys", "--count", 4000, "--keys", keys).split()
            for number in range(self.arguments.rounds):
                for contender in self.fresh("bh"):
                    responder = contender.pair.right
                    peers = "".join(f"[Peer]\nPublicKey = {key}\nAllowedIPs = 10.{i >> 16}.{i >> 8 & 255}.{i & 255}/32\n"
                                    for i, key in enumerate(public))
                    responder.wg("setconf", "/dev/stdin", text=f"[Interface]\nPrivateKey = {responder.private_key}\n"
                                 f"ListenPort = 51820\n{peers}")
                    responder.ip("link", "set", responder.interface, "up")
                    before = cpu_of(responder.pid)
                    text = in_namespace(contender.pair.left.namespace, BENCH, "handshakes", "--keys", keys, "--responder",
                                        responder.public_key, "--to", "172.29.0.2:51820").communicate(timeout=60)[0]
                    sent, responses, cookies, took = text.split()
                    used = cpu_of(responder.pid) - before
                    self.note("handshakes", contender, int(responses) / used if used else float("nan"))
                    print(f"  round {number + 1} {contender.name}: {responses} of {sent} answered, {cookies} cookies, "
                          f"{float(took):.2f} s, {used:.2f} s of CPU", file=sys.stderr)
                    contender.pair.close()

    def idle(self):
        for contender in self.fresh("bi"):
            side = contender.pair.left
            side.wg("setconf", "/dev/stdin", text=peers_config(side.private_key, 100))
            side.bring_up("10.77.0.1/24")
            time.sleep(2)
            before = switches(side.pid)
            time.sleep(10)
            self.note("wakeups", contender, (switches(side.pid) - before) / 10)
            contender.pair.close()

    def bulk(self):
        prefixes = ", ".join(f"10.{a}.{b}.{c}/32" for a in range(2) for b in range(256) for c in range(255))
        for number in range(self.arguments.rounds):
            for contender in self.fresh("bb"):
                side = contender.pair.left
                text = (f"[Interface]\nPrivateKey = {side.private_key}\n[Peer]\nPublicKey = "
                        f"{contender.pair.right.public_key}\nAllowedIPs = {prefixes}\n")
                start = time.monotonic()
                side.wg("setconf", "/dev/stdin", text=text)
                self.note("setconf", contender, time.monotonic() - start)
                start = time.monotonic()
                shown = side.wg("show", "allowed-ips")
                self.note("show", contender, time.monotonic() - start)
                if shown.count("/32") != 130560:
                    raise RuntimeError(f"{contender.name} shows {shown.count('/32')} of 130560 allowed IPs")
                contender.pair.close()

    def far(self):
        """Through 40 ms: the share of what the same link carries without a tunnel."""
        for name, loss in (("far", None), ("far_lossy", "1%")):
            for number in range(self.arguments.rounds):
                for which in ("bare", *[c.name for c in self.contenders]):
                    self.rows.setdefault(name, {}).setdefault(which, []).append(self.through_netlab(which, loss))
                print(f"  round {number + 1} {name}: " + ", ".join(
                    f"{which} {figures[-1]:.0f} Mbit/s" for which, figures in self.rows[name].items()), file=sys.stderr)

    def through_netlab(self, which, loss):
        name = f"bf{os.getpid() % 10000}"
        with tempfile.TemporaryDirectory() as scratch:
            topology = f"{scratch}/topology.yaml"
            Path(topology).write_text(
                f"name: {name}\nseed: 7\nnodes:\n  a: {{addresses: [172.30.0.1/24]}}\n  b: {{addresses: [172.30.0.2/24]}}\n"
                f"links:\n  - {{between: [a, b], delay: 20ms{', loss: ' + loss if loss else ''}}}\n")
            lab = subprocess.Popen([BIN / "weir-netlab", "up", "--topology", topology], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
            names = {side: f"{name}-{side}" for side in "ab"}
            try:
                wait_until(lambda: all(os.path.exists(f"/run/netns/{n}") for n in names.values()), "the lab is up", 10)
                time.sleep(0.3)
                ends = []
                target = "172.30.0.2"
                if which != "bare":
                    program = next(c for c in self.contenders if c.name == which).pair.left.program
                    left, right = (tunnel_lab.Tunnel(names[s], f"{name}{s}"[:15], program).start() for s in "ab")
                    ends = [left, right]
                    left.wg("setconf", "/dev/stdin", text=(
                        f"[Interface]\nPrivateKey = {left.private_key}\n[Peer]\nPublicKey = {right.public_key}\n"
                        f"Endpoint = 172.30.0.2:51820\nAllowedIPs = 10.78.0.2/32\n"))
                    right.wg("setconf", "/dev/stdin", text=(
                        f"[Interface]\nPrivateKey = {right.private_key}\nListenPort = 51820\n[Peer]\n"
                        f"PublicKey = {left.public_key}\nAllowedIPs = 10.78.0.1/32\n"))
                    left.bring_up("10.78.0.1/24")
                    right.bring_up("10.78.0.2/24")
                    target = "10.78.0.2"
                    tunnel_lab.ping(left, target, 2)
                server = in_namespace(names["b"], "iperf3", "-s", "-1", "-p", "5301")
                wait_until(lambda: listens(names["b"], 5301), "iperf3 listens")
                control = "bbr" if loss else "cubic"
                client = in_namespace(names["a"], "iperf3", "-c", target, "-p", "5301", "-C", control, "-Z", "-J", "-w", "8M",
                                      "-t", self.arguments.seconds)
                answer = json.loads(client.communicate(timeout=self.arguments.seconds + 30)[0])
                server.wait(10)
                for end in ends:
                    end.stop()
                if "error" in answer:
                    raise RuntimeError(f"iperf3: {answer['error']}")
                return answer["end"]["sum_received"]["bits_per_second"] / 1e6
            finally:
                lab.terminate()
                lab.wait(10)

    # Around them.

    def fresh(self, prefix):
        """A new pair of each contender, one after the other."""
        for number, contender in enumerate(self.contenders):
            again = Contender(contender.name, contender.pair.left.program, f"{prefix}{number}", self.arguments.txqueue)
            try:
                again.pair.open()
                yield again
            finally:
                again.pair.close()

    def run(self, rows):
        other = self.arguments.against or opponent()
        tunnel_lab.WIREGUARD_GO = other
        name = Path(other).name
        self.contenders = [Contender("weir", tunnel_lab.WEIR_WG, "bw", self.arguments.txqueue), Contender(name, other, "bo")]
        try:
            for contender in self.contenders:
                contender.up()
            for row in rows:
                print(f"{row}", file=sys.stderr)
                getattr(self, row)()
        finally:
            for contender in self.contenders:
                contender.pair.close()

    def report(self):
        names = [contender.name for contender in self.contenders]
        print(f"{'':48}" + "".join(f"{name:>16}" for name in names) + f"{'ratio':>9}  verdict")
        failed = False
        for row, figures in self.rows.items():
            medians = {name: statistics.median(values) for name, values in figures.items()}
            what, more, bound = JUDGED.get(row, (row, None, None))
            line = f"{what:48}" + "".join(f"{medians.get(name, float('nan')):16.4g}" for name in names)
            if len(names) > 1 and all(medians.get(name) for name in names):
                ratio = medians[names[0]] / medians[names[1]]
                line += f"{ratio:9.2f}"
                if bound is not None:
                    spread = max(abs(v - medians[n]) / medians[n] for n in names for v in sorted(figures[n])[1:-1] or figures[n])
                    holds = ratio >= bound if more else ratio <= bound
                    if spread > SPREAD_MAX:
                        line += f"  not judged: rounds spread by {100 * spread:.0f} %"
                    else:
                        line += f"  {'ok' if holds else 'FAIL'} (must be {'>=' if more else '<='} {bound})"
                        failed |= not holds
            if "bare" in medians:
                line += "  of the bare link: " + ", ".join(f"{n} {medians[n] / medians['bare']:.3f}" for n in names)
            print(line)
        return 1 if failed else 0


def peers_config(private_key, count):
    import base64
    import hashlib
    peers = "".join(f"[Peer]\nPublicKey = {base64.b64encode(hashlib.sha256(str(i).encode()).digest()).decode()}\n"
                    f"Endpoint = 172.29.0.2:{20000 + i}\nAllowedIPs = 10.80.{i >> 8}.{i & 255}/32\n" for i in range(count))
    return f"[Interface]\nPrivateKey = {private_key}\n{peers}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = ("tcp", "plain", "udp", "ping", "memory", "handshakes", "far", "idle", "bulk")
    parser.add_argument("--rows", default=",".join(every))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--load-seconds", type=int, default=60)
    parser.add_argument("--against", help="a program called with an interface's name")
    parser.add_argument("--txqueue", type=int, help="of Weir's interfaces, instead of its own choice")
    parser.add_argument("--json", help="file for every figure of every round")
    parser.add_argument("--flame", help="no comparison: a flame graph of Weir's two ends under one stream; needs perf")
    arguments = parser.parse_args()
    if arguments.flame:
        need(("iperf3", "iperf3"), ("ping", "iputils-ping"), ("wg", "wireguard-tools"), ("perf", "linux-perf"))
        clean_up_when_interrupted()
        contender = Contender("weir", tunnel_lab.WEIR_WG, "bf").up()
        try:
            flame.profile(contender, cpu_of, tcp, arguments.seconds, arguments.flame)
        finally:
            contender.pair.close()
        return 0
    rows = arguments.rows.split(",")
    for row in rows:
        if row not in every:
            parser.error(f"there is no row {row}: {', '.join(every)}")
    need(("iperf3", "iperf3"), ("ethtool", "ethtool"), ("ping", "iputils-ping"), ("wg", "wireguard-tools"))
    clean_up_when_interrupted()
    bench = Bench(arguments)
    bench.run(rows)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(bench.rows, indent=1))
    return bench.report()


if __name__ == "__main__":
    sys.exit(main())
