#!/usr/bin/env python3
"""Drives the real weir-policy: the example of docs/policy-step.md, every policy through a day of lines, its speed, and what
happens to nonsense.

    this script ──lines──▶ weir-policy step ──lines──▶ this script
"""
import json
import os
import pathlib
import random
import re
import resource
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.join(os.environ.get("WEIR_BIN", ROOT / "build/release/bin"), "weir-policy")
REGIONS = ["us-east", "us-west", "eu-west", "eu-central", "ap-south", "ap-east"]


def step(policy, lines, *arguments):
    done = subprocess.run([PROGRAM, "step", "--policy", policy, *arguments], input="".join(line + "\n" for line in lines),
                          capture_output=True, text=True, timeout=100, check=False)
    assert done.stderr == "", done.stderr
    return done.returncode, done.stdout.splitlines()


def policies():
    listed = subprocess.run([PROGRAM, "list"], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in listed.splitlines()]


def first_line():
    return {"type": "init", "protocol": 1, "interval_ms": 1000, "may_shed": False,
            "regions": [{"name": name, "lat": 10 * i, "lon": 25 * i} for i, name in enumerate(REGIONS)],
            "services": [{"name": f"shop/{name}", "slo_ms": 200, "kb_per_request": 8, "objective": objective,
                          "served_in": [{"region": region, "endpoints": 6, "declared_rps": 600} for region in REGIONS],
                          "residency": {"eu-west": ["eu-west", "eu-central"]},
                          "guards": {"min_share": 0.01, "max_step": 0.2}}
                         for name, objective in (("web", "goodput"), ("cart", "cost"))]}


def observation(rng, t_ms, service):
    sources = []
    for source in REGIONS:
        to = [{"region": region, "sent": rng.randrange(100), "ok": rng.randrange(90), "errors": rng.randrange(3),
               "timeouts": rng.randrange(3), "in_slo": rng.randrange(80), "shed": 0, "in_flight": rng.randrange(30),
               "latency_ms": {"mean": rng.uniform(20, 200), "p50": 30, "p90": 90, "p99": rng.uniform(50, 900)}}
              for region in REGIONS]
        sources.append({"region": source, "offered": rng.randrange(900), "to": to})
    paths = [{"from": a, "to": b, "rtt_ms": rng.uniform(5, 200), "loss": 0.0, "up": rng.random() > 0.02}
             for a in REGIONS for b in REGIONS if a != b]
    servers = [{"region": region, "ready": rng.randrange(7), "endpoints": 6, "utilization": rng.random(),
                "in_flight": rng.randrange(50), "queue": rng.randrange(20)} for region in REGIONS]
    return {"type": "observe", "t_ms": t_ms, "service": service, "sources": sources, "paths": paths, "destinations": servers}


def day_of_lines(count):
    rng = random.Random(3)
    lines = [json.dumps(first_line())]
    for i in range(count):
        lines.append(json.dumps(observation(rng, 1000 * (1 + i // 2), ("shop/web", "shop/cart")[i % 2])))
    return lines


def check_weights(answer):
    for source in answer["sources"]:
        weights = source["weights"]
        assert all(isinstance(w, int) and 0 <= w <= 10000 for w in weights.values()), answer
        assert sum(weights.values()) > 0, answer
        assert source["shed"] == 0, answer
        if source["region"] == "eu-west":
            assert all(w == 0 for name, w in weights.items() if not name.startswith("eu")), answer


def the_example_of_the_document():
    text = (ROOT / "docs/policy-step.md").read_text()
    lines = re.search(r"```json in\n(.*?)```", text, re.S).group(1).splitlines()
    wanted = re.search(r"```json out\n(.*?)```", text, re.S).group(1).splitlines()
    status, got = step("waterfall", lines)
    version = re.compile(r'"version":"[^"]*"')
    assert [version.sub("", line) for line in got] == [version.sub("", line) for line in wanted], got
    assert status == 2


def every_policy_keeps_the_rules_and_repeats_itself():
    lines = day_of_lines(400)
    for policy in policies():
        status, got = step(policy, lines, "--seed", "7")
        assert status == 0 and len(got) == len(lines), (policy, status, len(got))
        shares = {}
        for line in got[1:]:
            answer = json.loads(line)
            check_weights(answer)
            for source in answer["sources"]:
                total = sum(source["weights"].values())
                now = {name: weight / total for name, weight in source["weights"].items()}
                before = shares.get((answer["service"], source["region"]), now)
                assert all(abs(now[name] - before[name]) <= 0.2 + 1e-3 for name in now), (policy, line)
                shares[answer["service"], source["region"]] = now
        assert step(policy, lines, "--seed", "7")[1] == got, policy


def it_keeps_up():
    count = 4000
    lines = day_of_lines(count)
    for policy in ("waterfall", "slate-continuous"):
        # Its own processor time: what else the machine does is not the program's fault.
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        status, got = step(policy, lines)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        rate = count / (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        print(f"{policy}: {rate:.0f} lines a second of processor time, 6 regions, {len(lines[1])} bytes each")
        assert status == 0 and len(got) == count + 1
        assert rate >= 1000, rate


def nonsense_is_refused_line_by_line():
    rng = random.Random(5)
    lines = day_of_lines(50)
    mixed = [lines[0]]
    good = 1
    for line in lines[1:]:
        for _ in range(rng.randrange(4)):
            broken = bytearray(line.encode())
            kind = rng.randrange(4)
            if kind == 0:
                broken = broken[:rng.randrange(len(broken))]
            elif kind == 1:
                broken[rng.randrange(len(broken))] = rng.choice(b'{}[]",:x')
            elif kind == 2:
                broken = bytearray(line.replace('"shop/', '"shop/none-').encode())
            else:
                broken = bytearray(b"[" * 5000)
            mixed.append(broken.decode())
        mixed.append(line)
        good += 1
    status, got = step("rings", mixed)
    assert status == 2 and len(got) == len(mixed)
    errors = [json.loads(line) for line in got if '"type":"error"' in line]
    assert errors and all(mixed[error["line"] - 1] not in lines or error["message"] for error in errors)
    for line in got[1:]:
        answer = json.loads(line)
        if answer["type"] == "weights":
            check_weights(answer)


def it_says_what_is_wrong_with_its_flags(tmp="/tmp"):
    config = pathlib.Path(tmp, f"weir-policy-test-{os.getpid()}.json")
    for text, words in (('{"threshold": 99}', "between"), ('{"nothing": 1}', "unknown"), ("no", "JSON")):
        config.write_text(text)
        done = subprocess.run([PROGRAM, "step", "--policy", "waterfall", "--config", config], input="",
                              capture_output=True, text=True, check=False)
        assert done.returncode == 1 and words in done.stderr, (text, done)
    config.write_text('{"threshold": 0.5}')
    lines = day_of_lines(20)
    assert step("waterfall", lines, "--config", str(config))[1] != step("waterfall", lines)[1]
    config.unlink()
    done = subprocess.run([PROGRAM, "step", "--policy", "magic"], input="", capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "weir-policy list" in done.stderr


def main():
    for check in (the_example_of_the_document, every_policy_keeps_the_rules_and_repeats_itself, it_keeps_up,
                  nonsense_is_refused_line_by_line, it_says_what_is_wrong_with_its_flags):
        check()
        print("ok", check.__name__.replace("_", " "))
    return 0


if __name__ == "__main__":
    sys.exit(main())
