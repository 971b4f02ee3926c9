#!/usr/bin/env python3
"""Fifty dashboards that never read: agents and decisions notice nothing, and the controller's memory stays.

    three regions under load, their service in mode auto; fifty sockets ask for the live stream of the real controller and read
    nothing of it, with the smallest buffers there are
"""
import os
import re
import socket
import sys
import time
from pathlib import Path

os.environ["WEIR_DEMO_RUN"] = f"/run/weir-idle{os.getpid()}"
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "demo"))

from lab import REGIONS, SERVICE, DemoError, expect, number, running_lab  # noqa: E402
from prometheus import TARGETS, fetch, inside  # noqa: E402
from standstill import Standstill  # noqa: E402

IDLE = 50
BEFORE_S, HELD_S = 15, 45
EXCUSED_S = 15
MORE_MEMORY_MIB = 48
# A busy machine makes single decisions late by itself; the mean of them may double and a little more.
SLOWER, SLOWER_BY_S = 2.0, 0.050


def rss_mib(lab):
    pid = lab.children["controller"].pid
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) / 1024


def decisions(lab):
    """(how many, seconds all together) since the start."""
    page = fetch(TARGETS["controller"], "/metrics")
    value = lambda name: float(re.search(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", page, re.M).group(1))  # noqa: E731
    return value("weir_decision_duration_seconds_count"), value("weir_decision_duration_seconds_sum")


def watch(lab, seconds, standstill):
    """Watches the agents; returns the mean of the decisions, and how many there were."""
    start = decisions(lab)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status = lab.weirctl("status")
        if number(status, "agents_connected") != len(REGIONS) or number(status, "paths_up") != len(REGIONS) * 2:
            if not standstill.within(EXCUSED_S):
                raise DemoError(f"the mesh is not whole: {status}\nno processor was late by more than {standstill.worst:.2f} s\n"
                                + lab.weirctl_text("events", "--limit", "40"))
            print(f"  the machine stood still for {standstill.worst:.2f} s, which paths noticed: waiting for them")
            lab.wait_for_mesh()
        time.sleep(1)
    count, total = (after - before for before, after in zip(start, decisions(lab)))
    return (total / count if count else 0.0), count


def idle_dashboard(port):
    with inside("controller"):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the system makes it its least
        connection.connect(("127.0.0.1", port))
    connection.sendall(f"GET /api/v1/stream?service={SERVICE} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    return connection


def lost_agents(lab, since_ms):
    events = lab.weirctl("events", "--limit", "200")["events"]
    return [event["type"] for event in events
            if number(event, "unix_ms") >= since_ms and event["type"].startswith("agent.")]


def main():
    standstill = Standstill()
    with running_lab() as lab:
        lab.up(1, print, open_metrics=True)
        lab.wait_for_mesh()
        for region in REGIONS:
            lab.start_client(region, 40, every=False)
        lab.weirctl("policy", "mode", "auto", "--service", SERVICE, "--yes")
        time.sleep(15)
        before, count = watch(lab, BEFORE_S, standstill)
        expect(count > 0, f"a decision took {1000 * before:.1f} ms on the mean of {count:.0f} without anybody looking")
        memory = rss_mib(lab)
        began_ms = time.time() * 1000
        idle = [idle_dashboard(lab.web_port) for _ in range(IDLE)]
        during, count = watch(lab, HELD_S, standstill)
        grown = rss_mib(lab) - memory
        expect(during <= SLOWER * before + SLOWER_BY_S,
               f"with {IDLE} dashboards that never read {1000 * during:.1f} ms, of {count:.0f}")
        lost = lost_agents(lab, began_ms)
        expect(not lost or standstill.within(HELD_S), f"sessions of agents that ended: {len(lost)}; of a machine that stands still "
                                                      f"some may: at worst {standstill.worst:.2f} s")
        expect(grown <= MORE_MEMORY_MIB, f"the controller's memory grew by {grown:.1f} MiB, from {memory:.0f} MiB: {grown / IDLE:.2f} "
                                         "MiB a dashboard")
        for connection in idle:
            connection.close()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        print(f"FAILED {error}")
        sys.exit(1)
