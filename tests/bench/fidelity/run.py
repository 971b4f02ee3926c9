#!/usr/bin/env python3
"""Whether the simulator tells the truth: the same steady cases on the real mesh and in the simulator.

usage: scripts/bench fidelity [CASE...]

Real agents, real servers with work to do (weir-server), real load, links by weir-netlab; the simulator is given
the round trips of requests that need no work (GET /healthz through both gateways). For each source and
destination with enough requests: p50, p99 and the share within the objective, both ways. A case holds when p50 and p99
are within 10 % and the shares within 2 points.
"""
import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

os.environ["WEIR_DEMO_RUN"] = f"/run/weir-fid{os.getpid()}"
sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "deploy" / "demo"))

from lab import BIN, PORT, REGIONS, RUN, SERVERS, SERVICE, DemoError, number, running_lab, snake  # noqa: E402
from load_log import LoadLog  # noqa: E402

OBJECTIVE_MS = 175
SECONDS = 40
SETTLE_S = 6
LEAST_REQUESTS = 800  # of a pair: below, its p99 is a matter of luck
RELATIVE, POINTS = 0.10, 2.0
PROBE_S = 8
US, EU, AP = REGIONS

# Weights by source, requests per second in each region, how many times as slow each region's servers are, and what is
# added to the round trip between us-east-1 and eu-west-1.
CASES = {
    "nearby": {"weights": {s: {d: 130 if s == d else 100 for d in REGIONS} for s in REGIONS}, "rate": 100},
    "home": {"weights": {s: {d: 100 if s == d else 0 for d in REGIONS} for s in REGIONS}, "rate": 120},
    "busy": {"weights": {s: {d: 100 if s == d else 0 for d in REGIONS} for s in REGIONS}, "rate": 165},
    "slow": {"weights": {US: {US: 80, EU: 20, AP: 0}, EU: {US: 50, EU: 50, AP: 0}, AP: {US: 10, EU: 0, AP: 90}},
             "rate": 70, "slow": {EU: 3}},
    "skewed": {"weights": {US: {US: 20, EU: 60, AP: 20}, EU: {US: 30, EU: 40, AP: 30}, AP: {US: 40, EU: 20, AP: 40}},
               "rate": 110},
    "longer": {"weights": {s: {d: 130 if s == d else 100 for d in REGIONS} for s in REGIONS}, "rate": 100, "added_ms": 60},
}


def round_trips(lab):
    """Medians of requests that need no work, by source and destination."""
    pin(lab, {s: {d: 100 for d in REGIONS} for s in REGIONS})
    for region in REGIONS:
        lab.start(f"{region}-probe", [BIN / "weir-load", "--target", f"127.0.0.1:{PORT}", "--source", region, "--rate", 50,
                                      "--path", "/healthz", "--duration", PROBE_S, "--every",
                                      "--out", RUN / region / "probe.jsonl"], region)
    time.sleep(PROBE_S + 1)
    lab.stop(*[f"{region}-probe" for region in REGIONS])
    table = []
    for source in REGIONS:
        log = LoadLog(RUN / source / "probe.jsonl").read()
        (RUN / source / "probe.jsonl").unlink()
        table.append([quantile([1000 * r["took"] for r in log.requests if r["region"] == d], 0.5) for d in REGIONS])
    return table


def configured_ms(a, b):
    with open(ROOT / "deploy" / "demo" / "latency.csv") as file:
        rows = list(csv.reader(line for line in file if not line.startswith("#")))
    return float(next(row for row in rows if row[0] == a)[rows[0].index(b)])


def shares_of(weights):
    return [[weights[s][d] / sum(weights[s].values()) for d in REGIONS] for s in REGIONS]


def simulated(case, rtt_ms):
    question = {"regions": list(REGIONS), "rtt_ms": rtt_ms, "rps": [case["rate"]] * len(REGIONS),
                "shares": shares_of(case["weights"]), "slow": [case.get("slow", {}).get(r, 1) for r in REGIONS],
                "endpoints": len(SERVERS), "workers": 4, "service_ms": 40, "spread": 0.4, "queue": 256,
                "objective_ms": OBJECTIVE_MS, "seconds": 600, "seed": 1}
    done = subprocess.run([BIN / "weir-bench-fidelity"], input=json.dumps(question), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DemoError(done.stderr)
    return json.loads(done.stdout)["pairs"]


def quantile(values, share):
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def pin(lab, weights):
    for source, row in weights.items():
        words = ",".join(f"{region}={weight}" for region, weight in row.items())
        lab.weirctl("weights", "pin", SERVICE, "--from", source, words, "--yes")
    end = time.monotonic() + 20
    while True:
        rows = snake(lab.weirctl("weights", "get"))["rows"]
        if all(abs(number(c, "wanted_share_ppm") - number(c, "effective_share_ppm")) < 1000 for row in rows for c in row["to"]):
            return
        if time.monotonic() > end:
            raise DemoError("the pinned weights did not come into force within 20 s")
        time.sleep(0.2)


def measured(lab, case):
    """Requests of each source that were due while the case was steady, and the round trips then."""
    for region, factor in case.get("slow", {}).items():
        assert factor == 3, "weir-server knows one way to be slow"
        for server in SERVERS:
            lab.signal(f"{region}-{server}", signal.SIGUSR1)
    if case.get("added_ms"):
        for a, b in ((US, EU), (EU, US)):
            one_way = (configured_ms(a, b) + case["added_ms"]) / 2
            lab.netlab(f"set {a} {b} one delay={one_way:.3f}ms")
    rtt_ms = round_trips(lab)
    pin(lab, case["weights"])
    for region in REGIONS:
        lab.start_client(region, case["rate"], every=True)
    time.sleep(SETTLE_S)
    start = time.time()
    time.sleep(SECONDS)
    end = time.time()
    time.sleep(2)
    lab.stop(*[f"{region}-client" for region in REGIONS])
    for region in case.get("slow", {}):
        for server in SERVERS:
            lab.signal(f"{region}-{server}", signal.SIGUSR2)
    lab.netlab("heal")
    return {region: LoadLog(RUN / region / "load.jsonl").read().between(start, end) for region in REGIONS}, rtt_ms


def compare(name, real, made):
    """Prints a row for each pair; False when one is off."""
    good = True
    for i, source in enumerate(REGIONS):
        for j, destination in enumerate(REGIONS):
            took = [1000 * r["took"] for r in real[source] if r["region"] == destination and not r["lost"]]
            if len(took) < LEAST_REQUESTS:
                continue
            pair = made[i][j]
            p50, p99 = quantile(took, 0.5), quantile(took, 0.99)
            inside = 100 * sum(t <= OBJECTIVE_MS for t in took) / len(took)
            off = [abs(pair["p50_ms"] / p50 - 1) > RELATIVE, abs(pair["p99_ms"] / p99 - 1) > RELATIVE,
                   abs(100 * pair["in_objective"] - inside) > POINTS]
            mark = "" if not any(off) else "  off: " + ", ".join(w for w, o in zip(("p50", "p99", "share"), off) if o)
            good = good and not any(off)
            print(f"  {name:8} {source:>14} -> {destination:14} n={len(took):5}  p50 {p50:6.1f} / {pair['p50_ms']:6.1f} ms  "
                  f"p99 {p99:6.1f} / {pair['p99_ms']:6.1f} ms  in objective {inside:5.1f} / {100 * pair['in_objective']:5.1f} %{mark}",
                  flush=True)
    return good


def main():
    wanted = sys.argv[1:] or list(CASES)
    unknown = [name for name in wanted if name not in CASES]
    if unknown:
        print(f"usage: scripts/bench fidelity [{'|'.join(CASES)}]...", file=sys.stderr)
        return 2
    held = 0
    with running_lab() as lab:
        lab.up(1, lambda text: print(f"- {text}", flush=True), busy_servers=True, objective_ms=OBJECTIVE_MS)
        lab.wait_for_mesh()
        print("real / simulated")
        for name in wanted:
            real, rtt_ms = measured(lab, CASES[name])
            held += compare(name, real, simulated(CASES[name], rtt_ms))
    print(f"fidelity: {held} of {len(wanted)} cases within {RELATIVE:.0%} and {POINTS:.0f} points")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        print(f"fidelity: FAILED {error}")
        sys.exit(1)
