#!/usr/bin/env python3
"""Three regions, a mesh, real servers and real load on one machine. Run by scripts/demo."""
import contextlib
import subprocess
import sys

sys.dont_write_bytecode = True

import faults
from check import Check
from lab import BIN, REGIONS, RUN, DemoError, Lab, running_lab
from policy_check import OBJECTIVE_MS, PolicyCheck
from view import View

USAGE = f"""usage: scripts/demo                      bring everything up and watch it; q ends it
       scripts/demo --open               the same, with the dashboard in a browser
       scripts/demo --check              the same without a terminal, with every fault, for at most 90 s
       scripts/demo --check --policy NAME
                                         the same fault under weighted round robin and under a policy
       scripts/demo break REGION {"|".join(faults.KINDS)} [OTHER REGION]
       scripts/demo heal                 undo every fault
       scripts/demo weirctl WORDS...     weirctl of the demo's controller
       scripts/demo down                 end a demo that runs elsewhere or was killed
options: --rate N (requests per second and region, 100)   --seed N (of the links, 1)
"""


def option(words, name, default):
    """Takes `name VALUE` out of the words."""
    if name not in words:
        return default
    at = words.index(name)
    try:
        value = int(words[at + 1])
    except (IndexError, ValueError):
        raise DemoError(f"{name} needs a number") from None
    del words[at:at + 2]
    return value


def bring_up(lab, seed):
    lab.up(seed, lambda text: print(f"- {text}", flush=True))


def run_check(lab, seed):
    try:
        check = Check(lab, lambda text: print(text, flush=True))
        check.step("Starting")
        bring_up(lab, seed)
        return 0 if check.run() else 1
    except DemoError as error:
        print(f"demo-check: FAILED {error}", flush=True)
        return 1


def run_policy_check(lab, seed, policy):
    try:
        check = PolicyCheck(lab, policy, lambda text: print(text, flush=True))
        check.step("Starting")
        lab.up(seed, lambda text: print(f"- {text}", flush=True), busy_servers=True, policy=policy,
               objective_ms=OBJECTIVE_MS)
        return 0 if check.run() else 1
    except DemoError as error:
        print(f"policy-check: FAILED {error}", flush=True)
        return 1


def open_browser(lab):
    """Shows the dashboard's map with what the desktop calls its browser; without a desktop the address must do."""
    url = f"http://127.0.0.1:{lab.web_port}/map"
    print(f"- Opening {url}", flush=True)
    with contextlib.suppress(OSError):
        subprocess.Popen(["xdg-open", url], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, start_new_session=True)


def run_live(lab, rate, seed, browser):
    bring_up(lab, seed)
    if browser:
        open_browser(lab)
    print("- Waiting for the mesh", flush=True)
    lab.wait_for_mesh()
    for region in REGIONS:
        lab.start_client(region, rate, every=False)
    View(lab).run()
    return 0


def main(words):
    lab = Lab()
    seed = option(words, "--seed", 1)
    rate = option(words, "--rate", 100)
    command = words[0] if words else ""
    if command == "break":
        region, kind, other = faults.parse(words[1:])
        need_running(lab)
        faults.apply(lab, region, kind, other)
        print(f"{region}: {faults.KINDS[kind]}")
    elif command == "heal":
        need_running(lab)
        healed = faults.heal(lab)
        print(f"{len(healed)} faults healed")
    elif command == "weirctl":
        done = subprocess.run([str(BIN / "weirctl"), "--socket", str(RUN / "admin.sock"), *words[1:]])
        return done.returncode
    elif command == "down":
        lab.down()
    elif command == "--check" and len(words) == 1:
        with running_lab() as lab:
            return run_check(lab, seed)
    elif command == "--check" and words[1:2] == ["--policy"] and len(words) == 3:
        with running_lab() as lab:
            return run_policy_check(lab, seed, words[2])
    elif words in ([], ["--open"]):
        with running_lab() as lab:
            return run_live(lab, rate, seed, browser=bool(words))
    else:
        sys.stderr.write(USAGE)
        return 0 if command in ("-h", "--help", "help") else 2
    return 0


def need_running(lab):
    if not lab.is_up():
        raise DemoError("no demo is running; start one with scripts/demo")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except DemoError as error:
        sys.stderr.write(f"demo: {error}\n")
        sys.exit(1)
