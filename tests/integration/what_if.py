#!/usr/bin/env python3
"""What would happen, and what then does: the shares that `weirctl simulate` foretells for a failed region are held
against those after its servers have really died.
"""
import json
import os
import sys
import time
from pathlib import Path

os.environ["WEIR_DEMO_RUN"] = f"/run/weir-whatif{os.getpid()}"
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "demo"))

from lab import REGIONS, SERVERS, SERVICE, DemoError, expect, number, running_lab, snake  # noqa: E402
from policy_check import OBJECTIVE_MS  # noqa: E402

RATE = 60
RECORDED_S = 75  # a minute to fit, after connections have been made
POINTS = 5  # percent points a share may be off
US, EU, AP = REGIONS


def simulated(lab, *words):
    """The outcomes by name, and the exit code weirctl ended with."""
    code, out, err = lab.weirctl_exit("simulate", "--service", SERVICE, "-o", "json", *words, timeout=150)
    if code not in (0, 3):
        raise DemoError(f"weirctl simulate {' '.join(words)}: exit code {code}: {err}")
    reply = snake(json.loads(out))
    return {outcome["name"]: outcome for outcome in reply["services"][0]["outcomes"]}, code


def foretold(outcome):
    return {source["from_region"]: {share["region"]: number(share, "share_ppm") / 1e4 for share in source["to"]}
            for source in outcome["sources"]}


def seen(lab):
    rows = snake(lab.weirctl("weights", "get"))["rows"]
    return {row["from_region"]: {cell["region"]: number(cell, "seen_share_ppm") / 1e4 for cell in row["to"]} for row in rows}


def main():
    with running_lab() as lab:
        lab.up(1, print, busy_servers=True, objective_ms=OBJECTIVE_MS)
        lab.wait_for_mesh()
        for region in REGIONS:
            lab.start_client(region, RATE, every=False)
        time.sleep(RECORDED_S)

        calm, code = simulated(lab, "--tolerate", "100")
        expect(code == 0, "nothing changes, everything is tolerated: exit code 0")
        off = abs(number(calm["static"], "in_objective_ppm") - number(calm["now"], "in_objective_ppm")) / 1e4
        expect(off < POINTS, f"the model of the present is {off:.1f} points off within the objective")

        failed, code = simulated(lab, "--fail-region", EU)
        expect(code == 3, "a region fails and the configured weights go far: exit code 3")
        print(lab.weirctl_exit("simulate", "--service", SERVICE, "--fail-region", EU, timeout=150)[1], flush=True)
        for server in SERVERS:
            lab.kill(f"{EU}-{server}")
        time.sleep(20)  # the agents' hold is over, and what is seen is ten seconds of it
        real = seen(lab)
        told = foretold(failed["static"])
        worst = max(abs(real[source][region] - told[source][region]) for source in REGIONS for region in REGIONS)
        expect(worst < POINTS, f"shares after the failure: foretold within {worst:.1f} points")
        code, _, err = lab.weirctl_exit("simulate", "--fail-region", "mars")
        expect(code not in (0, 3) and "mars" in err, "a region that does not exist is an error")
    print("what_if: ok")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        print(f"what_if: FAILED {error}")
        sys.exit(1)
