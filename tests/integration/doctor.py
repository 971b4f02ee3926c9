#!/usr/bin/env python3
"""weirctl doctor on a real mesh: nothing is found while all is well; each fault that is really made is found first.

    regions us, eu, ap with real agents, servers and clients; one fault after the other, each healed before the next
"""
import json
import os
import sys
import time
from pathlib import Path

os.environ["WEIR_DEMO_RUN"] = f"/run/weir-doc{os.getpid()}"
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "demo"))

from faults import peer_of  # noqa: E402
from lab import REGIONS, RUN, SERVERS, SERVICE, DemoError, expect, running_lab  # noqa: E402

US, EU, AP = REGIONS
CALM_RUNS = 25


def examined(lab):
    """The exit code and the findings."""
    code, out, err = lab.weirctl_exit("doctor", "-o", "json")
    if code not in (0, 3):
        raise DemoError(f"doctor: exit code {code}: {err.strip()}")
    return code, json.loads(out)["findings"]


def until(lab, what, seconds, condition):
    """Examines until the findings are so; returns them."""
    end = time.monotonic() + seconds
    seen = []
    while time.monotonic() < end:
        seen = examined(lab)[1]
        if condition(seen):
            return seen
        time.sleep(0.3)
    raise DemoError(f"{what}: not within {seconds} s; found {[(one['code'], one['what']) for one in seen]}")


def kill_servers(lab, region, which):
    for server in which:
        lab.kill(f"{region}-{server}")


def start_all_servers(lab, region):
    lab.stop(*[f"{region}-{server}" for server in SERVERS], patience=0)
    lab.start_servers(region)


def main():
    with running_lab() as lab:
        lab.up(1, print)
        lab.wait_for_mesh()
        for region in REGIONS:
            lab.start_client(region, 40, every=False)
        time.sleep(6)
        until(lab, "a calm mesh", 20, lambda found: not found)
        for _ in range(CALM_RUNS):
            code, found = examined(lab)
            if code != 0 or found:
                raise DemoError(f"a false alarm: {found}")
            time.sleep(0.1)
        expect(True, f"{CALM_RUNS} runs on a healthy mesh without a finding")

        file = RUN / AP / "endpoints.yaml"
        endpoints = file.read_text()
        heal_links = lambda: lab.netlab("heal")  # noqa: E731
        faults = [
            ("all servers of a region die", "WEIR-501", lambda: kill_servers(lab, EU, SERVERS), lambda: lab.start_servers(EU)),
            ("one server dies", "WEIR-502", lambda: kill_servers(lab, AP, SERVERS[:1]), lambda: start_all_servers(lab, AP)),
            ("a path is cut", "WEIR-402", lambda: lab.netlab(f"cut {US} {peer_of(US, AP)} both"), heal_links),
            ("a path loses packets", "WEIR-404", lambda: lab.netlab(f"set {US} {peer_of(US, EU)} both loss=8%"),
             heal_links),
            ("a region is cut off", "WEIR-202", lambda: lab.netlab(f"isolate {AP}"), heal_links),
            ("an agent is killed", "WEIR-202", lambda: lab.kill(f"{EU}-agent"), lambda: lab.start_agent(EU)),
            ("an endpoints file is broken", "WEIR-301", lambda: file.write_text("services: [this is none]\n"),
             lambda: file.write_text(endpoints)),
            ("somebody pinned weights", "WEIR-704",
             lambda: lab.weirctl("weights", "pin", SERVICE, f"{US}=70,{EU}=30", "--from", US, "--yes"),
             lambda: lab.weirctl("weights", "unpin", SERVICE, "--yes")),
        ]
        for what, code, make, heal in faults:
            make()
            found = until(lab, f"{what}: {code} first", 30, lambda found, code=code: found and found[0]["code"] == code)
            print(f"  {what}: {found[0]['code']} {found[0]['what']}; {found[0]['cause']}", flush=True)
            if code == "WEIR-501":
                print(lab.weirctl_exit("doctor")[1], flush=True)
            heal()
            until(lab, f"{what}, healed", 45, lambda found: not found)
        lab.kill("controller")
        code, _, err = lab.weirctl_exit("doctor")
        expect(code == 5 and "cannot examine the mesh" in err, "no controller: exit code 5 and what to do")
    print("doctor: ok")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        print(f"doctor: FAILED {error}")
        sys.exit(1)
