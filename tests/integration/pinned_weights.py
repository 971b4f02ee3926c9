#!/usr/bin/env python3
"""Requests follow whatever weights an operator pins, and the configured ones again after that.

    weirctl weights pin -> controller -> agents -> gateways; counted by who answered, at clients in three regions
"""
import os
import sys
import time
from pathlib import Path

os.environ["WEIR_DEMO_RUN"] = f"/run/weir-pin{os.getpid()}"
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "demo"))

from lab import REGIONS, RUN, SERVICE, DemoError, number, running_lab, snake  # noqa: E402
from load_log import LoadLog, shares  # noqa: E402

RATE = 250
REQUESTS = 3000
POINTS = 2.0
US, EU, AP = REGIONS
PINS = {
    US: {US: 10, EU: 70, AP: 20},
    EU: {US: 500, EU: 500, AP: 9000},
    AP: {US: 100, EU: 100, AP: 100},
}
CONFIGURED = {source: {region: 130 if region == source else 100 for region in REGIONS} for source in REGIONS}


def wait_for(what, seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise DemoError(f"{what}: not within {seconds} s")
        time.sleep(0.2)


def in_force(lab, weights):
    """Every agent uses these weights."""
    rows = {row["from_region"]: row for row in snake(lab.weirctl("weights", "get"))["rows"]}
    return all(
        number(cell, "weight") == weights[source][cell["region"]]
        and abs(number(cell, "wanted_share_ppm") - number(cell, "effective_share_ppm")) < 1000
        for source in REGIONS for cell in rows[source]["to"])


def complaints(logs, weights, start):
    """What REQUESTS requests per source that were due after `start` did otherwise."""
    wait_for("enough requests", REQUESTS / RATE + 15, lambda: all(
        len(log.read().between(start, time.time())) > REQUESTS for log in logs.values()))
    found = []
    for source, log in logs.items():
        requests = log.between(start, time.time())[:REQUESTS]
        seen = shares(requests)
        total = sum(weights[source].values())
        text = ", ".join(f"{region} {100 * seen.get(region, 0):.1f}% for {weight}" for region, weight in weights[source].items())
        print(f"  {source}: {text}")
        for region, weight in weights[source].items():
            off = 100 * (seen.get(region, 0) - weight / total)
            if abs(off) > POINTS:
                found.append(f"{source} -> {region}: {off:+.1f} points")
        lost = sum(request["lost"] for request in requests)
        if lost:
            found.append(f"{source}: {lost} requests lost")
    return found


def main():
    with running_lab() as lab:
        lab.up(1, print)
        lab.wait_for_mesh()
        for region in REGIONS:
            lab.start_client(region, RATE, every=True)
        logs = {region: LoadLog(RUN / region / "load.jsonl") for region in REGIONS}
        for source, weights in PINS.items():
            words = ",".join(f"{region}={weight}" for region, weight in weights.items())
            lab.weirctl("weights", "pin", SERVICE, "--from", source, words, "--yes")
        wait_for("the pinned weights are in force", 15, lambda: in_force(lab, PINS))
        print("pinned:")
        found = complaints(logs, PINS, time.time())
        for source in REGIONS:
            lab.weirctl("weights", "unpin", SERVICE, "--from", source, "--yes")
        wait_for("the configured weights are in force", 15, lambda: in_force(lab, CONFIGURED))
        print("unpinned:")
        found += complaints(logs, CONFIGURED, time.time())
    for complaint in found:
        print(f"FAIL: {complaint}")
    print("FAIL" if found else "ok")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        print(f"FAIL: {error}")
        sys.exit(1)
