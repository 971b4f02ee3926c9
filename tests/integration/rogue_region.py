#!/usr/bin/env python3
"""A region whose health checks say that all is well while every request fails loses its traffic within 3 s.

    three regions with work to do, their service in mode auto; both servers of one begin to answer 500 to everything but health
    checks, first with the agents' own failover for errors, then with that switched off, so that the policy alone moves it
"""
import os
import signal
import sys
import time
from pathlib import Path

os.environ["WEIR_DEMO_RUN"] = f"/run/weir-rogue{os.getpid()}"
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "demo"))

from lab import REGIONS, RUN, SERVERS, SERVICE, DemoError, expect, number, running_lab, snake  # noqa: E402
from load_log import LoadLog  # noqa: E402
from policy_check import OBJECTIVE_MS  # noqa: E402

RATE = 60
ROGUE = "eu-west-1"
WITHIN_S = 3
WATCHED_S = 12
SETTLE_S = 12
LEFT = 0.05  # of the requests before the fault: what probing may keep


def touched(logs, start, end):
    """(requests due in that time, those of them that met the rogue region's servers)."""
    requests = [r for log in logs.values() for r in log.read().between(start, end)]
    return len(requests), sum(ROGUE in (r["region"], *r["tried"].split(", ")) for r in requests)


def half_seconds(logs, start, seconds):
    return [touched(logs, start + step / 2, start + step / 2 + 0.5) for step in range(2 * seconds)]


def lost_after(counts, usual):
    """Seconds until no later half second has more than what may be left."""
    late = [step for step, (_, met) in enumerate(counts) if met > LEFT * usual]
    return (late[-1] + 1) / 2 if late else 0.0


def go_rogue(lab, logs, who):
    now = time.time()
    due, met = touched(logs, now - 3, now - 1)
    usual = met / 4  # a half second
    expect(usual > 0.2 * due / 4, f"{who}: before, {ROGUE} meets {100 * met / due:.0f} % of the requests")
    start = time.time()
    for server in SERVERS:
        lab.signal(f"{ROGUE}-{server}", signal.SIGHUP)
    time.sleep(WATCHED_S)
    status = snake(lab.weirctl("status"))
    for server in SERVERS:
        lab.signal(f"{ROGUE}-{server}", signal.SIGUSR2)
    healthy = number(status, "endpoints_healthy")
    expect(healthy == len(SERVERS) * len(REGIONS), f"{who}: every server is still said to be healthy")
    counts = half_seconds(logs, start, WATCHED_S - 1)
    print(f"     requests that met {ROGUE}, by half seconds: {' '.join(str(met) for _, met in counts)}; usual {usual:.0f}")
    seconds = lost_after(counts, usual)
    expect(seconds <= WITHIN_S, f"{who}: the rogue region has lost its traffic after {seconds:.1f} s")


def check(who, **settings):
    with running_lab() as lab:
        lab.up(1, lambda _: None, busy_servers=True, objective_ms=OBJECTIVE_MS, **settings)
        lab.wait_for_mesh()
        for region in REGIONS:
            lab.start_client(region, RATE, every=True)
        logs = {region: LoadLog(RUN / region / "load.jsonl") for region in REGIONS}
        lab.weirctl("policy", "mode", "auto", "--service", SERVICE, "--yes")
        time.sleep(SETTLE_S)
        go_rogue(lab, logs, who)


def main():
    check("failover and policy")
    check("the policy alone", error_share_above=0.0)
    print("rogue_region: ok")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        print(f"rogue_region: FAILED {error}")
        sys.exit(1)
