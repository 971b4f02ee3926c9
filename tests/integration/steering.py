#!/usr/bin/env python3
"""What operators do with a policy, on a mesh whose servers have work to do.

    shadow: it wishes, nothing moves -> assist: confirmed wishes move -> rollback holds -> auto moves by itself
    -> the controller killed and started: nothing moves back, the policy goes on with what it knew
    -> the mesh's own model exported, a policy trained on it, its checkpoint promoted stage by stage
"""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

os.environ["WEIR_DEMO_RUN"] = f"/run/weir-steer{os.getpid()}"
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "demo"))

from lab import BIN, REGIONS, SERVERS, SERVICE, DemoError, expect, number, running_lab, snake  # noqa: E402
from policy_check import OBJECTIVE_MS  # noqa: E402

RATE = 60
US, EU, AP = REGIONS
CONFIGURED = {source: {region: 130 if region == source else 100 for region in REGIONS} for source in REGIONS}


def wait_for(what, seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise DemoError(f"{what}: not within {seconds} s")
        time.sleep(0.2)


def weights(lab):
    rows = snake(lab.weirctl("weights", "get"))["rows"]
    return {row["from_region"]: {cell["region"]: number(cell, "weight") for cell in row["to"]} for row in rows}


def policy(lab):
    return snake(lab.weirctl("policy", "status"))["policies"][0]


def own_share(lab, region):
    row = weights(lab)[region]
    return row[region] / sum(row.values())


def show(lab, *words):
    """What an operator reads."""
    print(f"$ weirctl {' '.join(words)}\n{lab.weirctl_text(*words)}", flush=True)


def measured(lab):
    """Changes by the policy whose effect has been measured, newest first."""
    changes = snake(lab.weirctl("weights", "history", "--since", "5m"))["changes"]
    return [change for change in changes
            if "expected_in_objective_ppm" in change and number(change.get("seen_after", {}), "ended") > 0]


def rollout(lab):
    return snake(lab.weirctl("policy", "status")).get("rollout", {})


def roll_out_what_was_trained(lab):
    """From what the mesh recorded to a checkpoint that steers it."""
    folder = Path(os.environ["WEIR_DEMO_RUN"])
    worlds, recipe, checkpoint = (str(folder / name) for name in ("worlds", "recipe.json", "trained.ckpt"))
    lab.weirctl_exit("simulate", "--service", SERVICE, "--export", worlds, timeout=150)
    Path(recipe).write_text('{"stage": "settings", "population": 4, "generations": 1, "cases": 2, "seed": 3}')
    trained = subprocess.run([BIN / "weir-policy", "train", "--config", recipe, "--worlds", worlds,
                              "--out", checkpoint], capture_output=True, text=True, timeout=120, check=False)
    expect(trained.returncode == 0, f"a policy trains on the mesh's own model {trained.stderr}")
    lab.weirctl("policy", "promote", checkpoint, "--yes")
    expect(rollout(lab)["stage"] == "shadow", "the checkpoint is asked in shadow")
    time.sleep(3)
    for stage in ("canary", "everywhere", "settled"):
        lab.weirctl("policy", "promote", "--next", "--yes")
        expect(rollout(lab)["stage"] == stage, f"promoted further: {stage}")
        time.sleep(2)
        expect(policy(lab)["steering"] == "learned" and number(policy(lab), "falls") == 0, "  and it steers")
    show(lab, "policy", "status")


def main():
    with running_lab() as lab:
        lab.up(1, print, busy_servers=True, objective_ms=OBJECTIVE_MS)
        lab.wait_for_mesh()
        for region in REGIONS:
            lab.start_client(region, RATE, every=False)

        expect(policy(lab)["mode"] == "static", "the configured mode is static")
        lab.weirctl("policy", "mode", "shadow", "--service", SERVICE)
        wait_for("the policy wishes something", 20, lambda: policy(lab).get("wishes"))
        show(lab, "policy", "report")
        time.sleep(2)
        expect(weights(lab) == CONFIGURED, "shadow: the configured weights hold")

        lab.weirctl("policy", "mode", "assist", "--service", SERVICE)
        time.sleep(2)
        expect(weights(lab) == CONFIGURED, "assist: nothing moves before somebody confirms")
        lab.weirctl("policy", "confirm", SERVICE, "--yes")
        expect(own_share(lab, AP) > 0.9, "assist: what was confirmed is published")
        show(lab, "weights", "explain", SERVICE, "--from", AP)

        lab.weirctl("policy", "rollback", SERVICE, "--yes")
        expect(weights(lab) == CONFIGURED, "rollback: the weights before the last change, pinned")
        lab.weirctl("policy", "mode", "auto", "--service", SERVICE, "--yes")
        time.sleep(3)
        expect(weights(lab) == CONFIGURED, "auto: pins hold against it")
        for region in REGIONS:
            lab.weirctl("weights", "unpin", SERVICE, "--from", region, "--yes")
        wait_for("auto: each region's requests stay near", 40,
                 lambda: all(own_share(lab, region) > 0.9 for region in REGIONS))

        for server in SERVERS:
            lab.signal(f"{EU}-{server}", signal.SIGUSR1)
        wait_for("auto: a slow region is relieved", 20, lambda: own_share(lab, EU) < 0.9)
        show(lab, "policy", "status")
        wait_for("what came of a change is measured", 30, lambda: measured(lab))
        change = measured(lab)[0]
        expect(change["reasons"] and all(reason["term"] for reason in change["reasons"]), "its reasons are terms")
        show(lab, "weights", "history", "--since", "2m", "--limit", "8")
        show(lab, "weights", "explain", SERVICE, "--from", change["from_region"], "--revision",
             str(number(change, "generation")))
        time.sleep(11)  # until what it saw is in the store
        before = weights(lab)
        lab.kill("controller")
        lab.start_controller()
        lab.wait_for_controller()
        wait_for("every agent is back", 6, lambda: number(lab.weirctl("status"), "agents_connected") == len(REGIONS))
        expect(weights(lab) == before, "the controller's restart moves nothing")
        wait_for("the policy steers again", 15, lambda: number(policy(lab), "decisions") > 0)
        expect(policy(lab)["mode"] == "auto", "its mode is what an operator set")
        time.sleep(2)
        expect(own_share(lab, EU) < 0.9, "and it still knows which region is slow")
        expect(number(policy(lab), "falls") == 0, "no policy has fallen")
        roll_out_what_was_trained(lab)
    print("steering: ok")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        print(f"steering: FAILED {error}")
        sys.exit(1)
