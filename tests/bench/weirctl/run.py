#!/usr/bin/env python3
"""How long weirctl takes, from its start to its end, against a real controller on this machine.

usage: scripts/bench weirctl [--runs N] [--socket FILE]

    weirctl ── admin.sock ── weir-controller     (namespace benchctl<pid>; 6 regions, 20 services, no agents)

Each command runs N times (200), one after the other; what it prints is thrown away. With --socket a controller that
runs already is asked, and none is started. Exits with 1 when a goal is missed.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(os.environ.get("WEIR_BIN", "build/release/bin")).resolve()
REGIONS = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-south-1", "ap-northeast-1"]
SERVICES = [f"shop/service-{n}" for n in range(1, 21)]
ONE = [SERVICES[0], "--from", REGIONS[0]]

# Words, and the goal for their 95th percentile in milliseconds.
COMMANDS = [
    (["--help"], 20),
    (["status"], 150),
    (["mesh", "ls"], 150),
    (["paths", "ls"], 150),
    (["paths", "matrix"], 150),
    (["services", "ls"], 150),
    (["weights", "get"], 150),
    (["weights", "explain", *ONE], 100),
    (["weights", "history"], 150),
    (["policy", "status"], 150),
    (["guardrails", "status"], 150),
    (["failover", "ls"], 150),
    (["events"], 150),
    (["get", "pins", "-o", "yaml"], 150),
    (["weights", "get", "-o", "json"], 150),
]


def configuration(folder):
    services = "".join(f"  - {{name: {name}, listen_port: {8080 + i}}}\n" for i, name in enumerate(SERVICES))
    return (f"mesh: bench\nstate_dir: {folder}/state\nstore: rocksdb\n"
            f"tunnel: {{interface: bc{os.getpid()}, listen_port: 51820, public_endpoint: '127.0.0.1:51820'}}\n"
            f"admin: {{socket: {folder}/admin.sock}}\nregions: [{', '.join(REGIONS)}]\nservices:\n{services}")


class Controller:
    """One in a namespace of its own; gone at the end."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="weir-bench-")
        self.namespace = f"benchctl{os.getpid()}"
        config = Path(self.folder) / "controller.yaml"
        config.write_text(configuration(self.folder))
        subprocess.run(["ip", "netns", "add", self.namespace], check=True)
        subprocess.run(["ip", "-n", self.namespace, "link", "set", "lo", "up"], check=True)
        self.log = open(Path(self.folder) / "log", "w")
        self.process = subprocess.Popen(["ip", "netns", "exec", self.namespace, BIN / "weir-controller", "run",
                                         "--config", config], stdout=self.log, stderr=self.log)
        return f"{self.folder}/admin.sock"

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()
        subprocess.run(["ip", "netns", "del", self.namespace], check=False)
        shutil.rmtree(self.folder)


def run(socket, words):
    return subprocess.run([BIN / "weirctl", "--socket", socket, *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)


def wait_for(socket):
    end = time.monotonic() + 15
    while run(socket, ["weights", "explain", *ONE]).returncode != 0:
        if time.monotonic() > end:
            raise SystemExit(f"the controller does not answer: {run(socket, ['status']).stderr}")
        time.sleep(0.1)


def measure(socket, words, runs):
    arguments = [str(BIN / "weirctl"), "--socket", socket, *words]
    nothing = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, nothing, fd) for fd in (0, 1, 2)]
    took = []
    for _ in range(runs):
        begun = time.monotonic()
        child = os.posix_spawn(arguments[0], arguments, os.environ, file_actions=actions)
        _, status = os.waitpid(child, 0)
        took.append(1000 * (time.monotonic() - begun))
        if status != 0:
            raise SystemExit(f"weirctl {' '.join(words)} failed: {run(socket, words).stderr}")
    os.close(nothing)
    return sorted(took)


def bench(socket, runs):
    wait_for(socket)
    missed = 0
    print(f"{'COMMAND':<52} {'P50':>9} {'P95':>9} {'GOAL':>8}")
    for words, goal in COMMANDS:
        took = measure(socket, words, runs)
        p50, p95 = took[len(took) // 2], took[min(len(took) - 1, len(took) * 95 // 100)]
        missed += p95 > goal
        print(f"{'weirctl ' + ' '.join(words):<52} {p50:>6.1f} ms {p95:>6.1f} ms {goal:>5} ms"
              f"{'  missed' if p95 > goal else ''}", flush=True)
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--socket")
    options = parser.parse_args()
    if options.socket:
        return bench(options.socket, options.runs)
    if os.geteuid() != 0:
        raise SystemExit("a controller has a tunnel: root only, or --socket FILE of one that runs")
    with Controller() as socket:
        return bench(socket, options.runs)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
