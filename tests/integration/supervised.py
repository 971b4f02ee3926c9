#!/usr/bin/env python3
"""What a supervisor hears of a real controller and three real agents, in systemd's protocol.

    READY=1 when they can be used, a STATUS line that follows what they do, WATCHDOG=1 at less than half the period,
    STOPPING=1 when they are told to end; the unit files of deploy/systemd are what systemd takes, where it is installed
"""
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
os.environ["WEIR_DEMO_RUN"] = f"/run/weir-sup{os.getpid()}"
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "deploy" / "demo"))

from lab import BIN, REGIONS, DemoError, expect, running_lab  # noqa: E402

PERIOD_S = 2.0


class Listener:
    """A supervisor's socket; knows which process said what, and when."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.heard = []  # (time, pid, lines)

    def listen(self, seconds, until=lambda: False):
        end = time.monotonic() + seconds
        while not until():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.socket.settimeout(left)
            try:
                text, ancillary, _, _ = self.socket.recvmsg(4096, 256)
            except TimeoutError:
                return until()
            pid = struct.unpack("iii", ancillary[0][2][:12])[0]
            self.heard.append((time.monotonic(), pid, text.decode().split("\n")))
        return True

    def said(self, what):
        """The processes that said a line beginning so."""
        return {pid for _, pid, lines in self.heard if any(line.startswith(what) for line in lines)}

    def times(self, pid, what):
        return [when for when, its, lines in self.heard if its == pid and what in lines]


def check_units():
    for unit in sorted((ROOT / "deploy" / "systemd").glob("*.service")):
        text = unit.read_text()
        expect("Type=notify" in text and "WatchdogSec=" in text, f"{unit.name} waits for the program's word")
        command = re.search(r"^ExecStart=/usr/bin/(\S+) run --config (\S+)$", text, re.M)
        expect(command is not None and (BIN / command.group(1)).exists(), f"{unit.name} starts what is built")
        expect(f"ConditionPathExists={command.group(2)}" in text, f"{unit.name} looks for the configuration it starts with")
    if not shutil.which("systemd-analyze"):
        print("systemd is not installed: the unit files were read, not verified by it")
        return
    with tempfile.TemporaryDirectory() as scratch:
        for unit in sorted((ROOT / "deploy" / "systemd").glob("*.service")):
            copy = Path(scratch, unit.name)
            copy.write_text(unit.read_text().replace("/usr/bin/", f"{BIN.resolve()}/"))
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(copy)], text=True, capture_output=True,
                                  timeout=30, check=False)
            expect(done.returncode == 0 and not done.stderr.strip(), f"{unit.name} is what systemd takes {done.stderr.strip()}")


def main():
    check_units()
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o755)
        path = f"{scratch}/notify"
        listener = Listener(path)
        os.environ["NOTIFY_SOCKET"] = path
        os.environ["WATCHDOG_USEC"] = str(int(PERIOD_S * 1e6))
        with running_lab() as lab:
            lab.up(1, print)
            lab.wait_for_mesh()
            expect(listener.listen(20, lambda: len(listener.said("READY=1")) == 1 + len(REGIONS)),
                   f"{len(listener.said('READY=1'))} of {1 + len(REGIONS)} processes said that they are ready")
            expect(listener.listen(15, lambda: len([1 for _, _, lines in listener.heard
                                                    if any(re.match(r"STATUS=.*revision 1\.\d+ in force", l) for l in lines)]) >= 3),
                   "every agent told which revision is in force")
            listener.heard.clear()
            listener.listen(3 * PERIOD_S)
            alive = listener.said("WATCHDOG=1")
            expect(len(alive) == 1 + len(REGIONS), f"{len(alive)} processes gave signs of life")
            for pid in alive:
                times = listener.times(pid, "WATCHDOG=1")
                gaps = [b - a for a, b in zip(times, times[1:])]
                expect(gaps and max(gaps) < 0.8 * PERIOD_S, f"the longest silence of a process was {max(gaps or [9]):.2f} of {PERIOD_S} s")
            lab.stop(f"{REGIONS[0]}-agent", "controller")
            expect(listener.listen(5, lambda: len(listener.said("STOPPING=1")) == 2), "the two that were stopped said so")
    print(f"supervised: ok, {len(alive)} processes, a sign of life every "
          f"{max(max(b - a for a, b in zip(t, t[1:])) for t in (listener.times(p, 'WATCHDOG=1') for p in alive)):.2f} s at worst")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        print(f"supervised: FAILED {error}", file=sys.stderr)
        sys.exit(1)
