#!/usr/bin/env python3
"""Certificates that live a minute: renewed under load by both sides, and recovered after they have run out.

    us-east-1 agent ═══ eu-west-1 agent ═══ ap-northeast-1 agent      two nginx servers behind each, a client at each
           ╚══════════════ controller ══════════╝                     lifetime 1 min, renewed at half of it

1. For longer than a certificate lives everything goes on, and a pin set after that still reaches every agent.
2. The controller and one agent are dead for longer than any certificate lives. Requests go on, and when the two are started
   again every agent has its session back, with a new certificate, and nobody had to join anew.
"""
import os
import sys
import time
from pathlib import Path

os.environ["WEIR_DEMO_RUN"] = f"/run/weir-ce{os.getpid()}"
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "deploy" / "demo"))

from lab import REGIONS, RUN, SERVICE, DemoError, number, running_lab, snake  # noqa: E402
from load_log import LoadLog  # noqa: E402

LIFETIME_S = 60
US, EU, AP = REGIONS


def expect(condition, text):
    if not condition:
        raise DemoError(text)
    print(f"ok    {text}", flush=True)


def events(lab, kind):
    return [event for event in snake(lab.weirctl("events"))["events"] if event["type"] == kind]


def log_has(name, text):
    return sum(text in line for line in (RUN / "log" / f"{name}.log").read_text().splitlines())


def pin_reaches_everybody(lab, weight):
    """A pin is a new revision: every agent is in sync only if its session works."""
    pinned = lab.weirctl("weights", "pin", SERVICE, "--from", EU, f"{EU}={weight},{US}=20", "--yes")
    lab.wait_for_mesh(15)
    rows = snake(lab.weirctl("weights", "get", SERVICE, "--from", EU))["rows"]
    seen = {cell["region"]: number(cell, "weight") for cell in rows[0]["to"]}
    return seen[EU] == weight and number(rows[0], "generation") >= number(pinned, "generation")


def lost(logs):
    return sum(log.read().lost for log in logs.values()), sum(log.sent for log in logs.values())


def main():
    with running_lab() as lab:
        lab.up(1, lambda text: print(f"-     {text}", flush=True), certificate_lifetime=f"{LIFETIME_S}s")
        lab.wait_for_mesh()
        joined = time.monotonic()
        for region in REGIONS:
            lab.start_client(region, 50, every=False)
        logs = {region: LoadLog(RUN / region / "load.jsonl") for region in REGIONS}

        lab.wait("the first certificates end", LIFETIME_S + 20, lambda: time.monotonic() > joined + LIFETIME_S + 5)
        for region in REGIONS:
            expect(log_has(f"{region}-agent", "certificate.renewed"), f"{region} renewed its certificate")
        expect(log_has("controller", "session.certificate_renewed"), "the controller renewed its own")
        expect(pin_reaches_everybody(lab, 80), "a pin set after the first certificates ended is in force everywhere")
        expect(lost(logs)[0] == 0, f"no request was lost of {lost(logs)[1]}")

        lab.stop(f"{AP}-client")
        lab.kill("controller")
        lab.kill(f"{AP}-agent")
        away = time.monotonic()
        logs = {region: LoadLog(RUN / region / "load.jsonl") for region in (US, EU)}
        lab.wait("the certificates run out", LIFETIME_S + 20, lambda: time.monotonic() > away + LIFETIME_S + 5)
        lab.start_controller()
        lab.start_agent(AP)
        back = time.monotonic()
        lab.wait_for_mesh(40)
        expect(True, f"controller and agents are together again {time.monotonic() - back:.1f} s after {LIFETIME_S + 5} s away")
        late = events(lab, "certificate.renewed_late")
        expect(len(late) == len(REGIONS), f"{len(late)} certificates that had run out were renewed")
        expect(pin_reaches_everybody(lab, 70), "and a pin is in force everywhere")
        lab.require(*[f"{region}-agent" for region in REGIONS], "controller")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        print(f"FAIL  {error}")
        sys.exit(1)
