#!/usr/bin/env python3
"""weirctl doctor on a real mesh: each fault that is really made is found first, and nothing while all is well.

usage: doctor.py             the quick faults: what CI runs
       doctor.py --all       every fault, and 200 examinations of the healthy mesh
       doctor.py --all --part 1/2     half of that, on a lab of its own
       doctor.py WORD...     those whose name holds a word

    regions us, eu, ap with real agents, servers and clients under load; one fault after the other, each healed before
    the next; between them the mesh is examined again and again
"""
import argparse
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

os.environ["WEIR_DEMO_RUN"] = f"/run/weir-doc{os.getpid()}"
sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "deploy" / "demo"), str(HERE / "doctor")]

from fault_bench import ELSEWHERE, Bench  # noqa: E402
from mesh_faults import faults  # noqa: E402
import lab as demo_lab  # noqa: E402
from lab import BIN, REGIONS, RUN, DemoError, running_lab  # noqa: E402

LEAST_RIGHT = 0.9
LEAST_FAULTS = 25
RATE = 40
CALM_FIRST = 30
CALM_BETWEEN = {True: 4, False: 2}  # after each fault; with --all, without
CALM_ALL = 200
HEALED_WITHIN_S = 60
# The controller is dead, serves TLS by then, or tells administrators alone.
NOT_THE_CONTROLLERS = {"WEIR-100", "WEIR-105", "WEIR-902"}
DISTURBED_S = 20
DOWNS_REMEMBERED_S = 310
DISTURBANCES_MAX = 6
STILL_AFTER_S = 1.0  # a right finding has to be the first still


class Examiner:
    """Runs weirctl doctor as a person would, and counts."""

    def __init__(self, lab):
        self.lab = lab
        self.calm_runs = 0
        self.disturbances = 0
        self.fault_made = None  # when the last one was
        self.calm_since = 0

    def found(self, asked=None):
        """The findings; those of a machine where `asked` gives the command."""
        command = asked or [BIN / "weirctl", "--socket", RUN / "admin.sock", "doctor", "-o", "json"]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=30)
        if done.returncode not in (0, 3, 5):
            raise DemoError(f"doctor: exit code {done.returncode}: {done.stderr.strip()}")
        findings = json.loads(done.stdout)["findings"]
        failed = any(finding["level"] == "fail" for finding in findings)
        if failed != (done.returncode != 0):
            raise DemoError(f"doctor: exit code {done.returncode} with {findings}")
        return findings

    def calm(self, runs):
        """So many examinations without a finding. One while the agents themselves have just moved traffic away, because
        this machine gave them no time, is none of a healthy mesh: it is said and made again."""
        self.calm_since = time.time()
        while runs > 0:
            findings = self.unexplained()
            if not findings:
                self.calm_runs += 1
                runs -= 1
                time.sleep(0.05)
                continue
            what = f"run {self.calm_runs + 1} on the healthy mesh: {findings}"
            if not self.disturbed() or self.disturbances == DISTURBANCES_MAX:
                raise DemoError(f"a false alarm in {what}")
            self.disturbances += 1
            print(f"    the agents saw it too, {what}", flush=True)
            self.until_calm("a disturbance")
            self.calm_since = time.time()

    def unexplained(self):
        """What is found, but for paths that went down often while this test cut them: doctor rightly remembers that."""
        recent = self.fault_made is not None and time.monotonic() - self.fault_made < DOWNS_REMEMBERED_S
        return [finding for finding in self.found() if not (recent and finding["code"] == "WEIR-407")]

    def disturbed(self):
        """An agent told a moment ago that something of its own went down."""
        since = 1000 * max(time.time() - DISTURBED_S, self.calm_since)
        of_themselves = ("path.down", "endpoint.down", "agent.disconnected")
        return any(event["type"] in of_themselves and int(event["unixMs"]) > since
                   for event in self.lab.weirctl("events").get("events", []))

    def until_calm(self, what):
        end = time.monotonic() + HEALED_WITHIN_S
        findings = [None]
        while findings:
            if time.monotonic() > end:
                raise DemoError(f"{what}: healed, but after {HEALED_WITHIN_S} s doctor finds {findings}")
            time.sleep(0.2)
            findings = self.unexplained()

    def first(self, fault):
        """(seconds, findings) once the first one is right and still is a moment later; (None, the last) if never."""
        asked = fault.asked
        begun = time.monotonic()
        other = None
        while time.monotonic() - begun < fault.seconds:
            findings = self.found(asked)
            seconds = time.monotonic() - begun
            if self.right(fault, findings):
                time.sleep(0 if asked else STILL_AFTER_S)
                again = self.found(asked)
                if self.right(fault, again):
                    return seconds, again, other
            if findings and not self.right(fault, findings):
                other = other or findings[0]["code"]
            time.sleep(0.2)
        return None, findings, other

    def controller_says(self):
        """The codes that the controller itself finds, as the dashboard asks for them."""
        address = f"http://127.0.0.1:{self.lab.web_port}/api/v1/doctor"
        with urllib.request.urlopen(address, timeout=10) as answer:
            diagnosis = json.load(answer)
        return [finding["code"] for finding in diagnosis["findings"]]

    def agree(self, fault):
        """The controller says the same as weirctl, as far as it can."""
        if fault.asked or set(fault.codes) & NOT_THE_CONTROLLERS:
            return
        for _ in range(5):
            codes = self.controller_says()
            if codes and codes[0] in fault.codes:
                return
            time.sleep(0.3)
        raise DemoError(f"{fault.name}: /api/v1/doctor says {codes}")

    @staticmethod
    def right(fault, findings):
        if not findings or findings[0]["code"] not in fault.codes:
            return False
        said = findings[0]["what"] + " " + findings[0]["cause"]
        return all(word in said for word in fault.words)


def examine_all(lab, chosen, every, calm_runs):
    examiner = Examiner(lab)
    examiner.until_calm("the mesh came up")
    time.sleep(16)  # so that there is something to compare with
    examiner.calm(CALM_FIRST)
    rows, right = [], 0
    for fault in chosen:
        begun = time.monotonic()
        fault.make()
        examiner.fault_made = time.monotonic()
        seconds, findings, other = examiner.first(fault)
        said = f"{findings[0]['code']} {findings[0]['what']}" if findings else "nothing"
        right += seconds is not None
        verdict = "right" if seconds is not None else f"WRONG, not {' or '.join(fault.codes)}"
        rows.append((fault.name, said, "-" if seconds is None else f"{seconds:.1f}", verdict, other or ""))
        print(f"  {fault.name}: {said} ({rows[-1][2]} s, {verdict}{', after ' + other if other else ''})", flush=True)
        if seconds is None:
            print(json.dumps(findings, indent=1), flush=True)
        else:
            examiner.agree(fault)
        fault.heal()
        if fault.asked is None:
            examiner.until_calm(fault.name)
            examiner.calm(CALM_BETWEEN[every])
        print(f"    healed; {time.monotonic() - begun:.1f} s in all", flush=True)
    examiner.calm(max(0, calm_runs - examiner.calm_runs))
    print("\n| fault | first finding | after, s | | before it |\n|---|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(f"\ndoctor: {right} of {len(rows)} right; nothing found in {examiner.calm_runs} runs on the healthy mesh",
          flush=True)
    if right < LEAST_RIGHT * len(rows):
        raise DemoError(f"{right} of {len(rows)} faults found first; {LEAST_RIGHT:.0%} are wanted")


def elsewhere_too(topology):
    """The lab's network and one more machine in it, which is nobody's."""
    links = "".join(f"  - {{between: [elsewhere, {node}], delay: 5ms}}\n" for node in ("controller", *REGIONS))
    return lambda seed: topology(seed).replace(
        "nodes:\n", f"nodes:\n  elsewhere: {{addresses: [{ELSEWHERE}/24]}}\n").replace("links:\n", f"links:\n{links}")


def main():
    demo_lab.topology = elsewhere_too(demo_lab.topology)
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--all", action="store_true")
    options.add_argument("--part", default="1/1")
    options.add_argument("words", nargs="*")
    asked = options.parse_args()
    part, parts = map(int, asked.part.split("/"))
    words, every = asked.words, asked.all
    begun = time.monotonic()
    with running_lab() as lab:
        bench = Bench(lab)
        chosen = [fault for fault in faults(bench) if
                  (any(word in fault.name for word in words) if words else every or fault.quick)]
        if every and len(chosen) < LEAST_FAULTS:
            raise DemoError(f"{len(chosen)} faults; at least {LEAST_FAULTS} are to be made")
        chosen = chosen[len(chosen) * (part - 1) // parts:len(chosen) * part // parts]
        try:
            lab.up(1, print, after_network=bench.store_disk)
            lab.wait_for_mesh()
            for region in REGIONS:
                lab.start_client(region, RATE, every=False)
            examine_all(lab, chosen, every, CALM_ALL // parts if every else 0)
        finally:
            bench.leave_disks(lab)
    print(f"doctor: ok, {time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        print(f"doctor: FAILED {error}")
        sys.exit(1)
