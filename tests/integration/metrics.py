#!/usr/bin/env python3
"""What agents and controller tell a real Prometheus: no panel of the dashboard is empty, and alerts see a region die.

usage: metrics.py            tests
       metrics.py --write    writes docs/metrics.md from the pages instead of comparing

    three regions under load, their service in mode auto; prometheus beside the controller scrapes all four each second
"""
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

os.environ["WEIR_DEMO_RUN"] = f"/run/weir-met{os.getpid()}"
sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "demo"))

import faults  # noqa: E402
from lab import REGIONS, SERVICE, DemoError, expect, round_trips, running_lab  # noqa: E402
from metrics_page import read, reference  # noqa: E402
from prometheus import TARGETS, Prometheus, fetch  # noqa: E402

GRAFANA = ROOT / "deploy" / "grafana"
DOCS = ROOT / "docs" / "metrics.md"
VALUES = {"$mesh": "demo", "$service": SERVICE, "$region": ".*", "$__rate_interval": "10s"}
COMPARISON = re.compile(r"\s(==|!=|<=|>=|<|>)\s[0-9.e+* -]+$")
RATE = 40
TOLD_WITHIN_S = 30
DETECTED_WITHIN_S = 1.0
# What a region that is cut off from everybody has to be seen as.
SEEN_AS = ("WeirAgentDown", "WeirPathDown", "WeirFailoverActive", "WeirNoHealthyServer")


def panel_queries():
    """{panel and target: expression} of the dashboard, its variables replaced."""
    queries = {}
    for panel in json.loads((GRAFANA / "weir.json").read_text())["panels"]:
        for target in panel.get("targets", ()):
            expression = target["expr"]
            for name, value in VALUES.items():
                expression = expression.replace(name, value)
            queries[f"panel {panel['title']!r} {target['refId']}"] = expression
    return queries


def uncompared(expression):
    """The terms of an alert's expression without their limits."""
    terms = re.split(r"\sand\s", expression)
    cut = [COMPARISON.sub("", term) for term in terms]
    unlimited = [term for term, whole in zip(cut, terms) if term == whole]
    if unlimited:
        raise DemoError(f"a term of an alert has no limit at its end: {unlimited}")
    return cut


def alert_queries(rules):
    return {f"alert {rule['name']} term {i}": term for rule in rules for i, term in enumerate(uncompared(rule["query"]))}


def check_pages():
    """Every process's page passes promtool; returns the pages."""
    pages = []
    for name, address in TARGETS.items():
        page = fetch(address, "/metrics")
        done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
        expect(done.returncode == 0 and not done.stdout + done.stderr,
               f"promtool has no complaint about {name}'s {len(page.splitlines())} lines {done.stdout}{done.stderr}".strip())
        pages.append(("controller" if name == "controller" else "agent", page))
    return pages


def check_reference(pages, write):
    text = reference(read(pages))
    if write:
        DOCS.write_text(text)
    listed = DOCS.read_text()
    others = sorted(set(text.splitlines()) ^ set(listed.splitlines()))
    expect(listed == text, f"{DOCS.name} lists all that is told, and nothing else" if listed == text
           else f"{DOCS.name} is not what is told: run tests/integration/metrics.py --write; {others}")


def check_rules():
    for words in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"], ["check", "config", "prometheus.yml"]):
        done = subprocess.run(["promtool", *words], cwd=GRAFANA, capture_output=True, text=True, check=False)
        expect(done.returncode == 0, f"promtool {' '.join(words)} {done.stdout + done.stderr if done.returncode else ''}".strip())


def no_data(empty):
    return "; ".join(f"{name}: {expression}" for name, expression in empty.items())


def near(found, wanted, share, more=0.0):
    return abs(found - wanted) <= share * wanted + more


def wrong_values(lab, prometheus):
    """What is told and is not so."""
    wrong = []

    def hold(good, what):
        if not good:
            wrong.append(what)

    mean = "rate(weir_path_rtt_seconds_sum[10s]) / rate(weir_path_rtt_seconds_count[10s])"
    paths = {(row["from"], row["to"]): value for row, value in prometheus.query(mean)}
    for ends, milliseconds in round_trips().items():
        if ends[0] in REGIONS and ends[1] in REGIONS and ends[0] != ends[1]:
            found = paths.get(ends, 0)
            hold(near(1000 * found, milliseconds, 0.05, 5), f"the round trip {ends} is {1000 * found:.1f}, not {milliseconds} ms")
    rate = sum(value for _, value in prometheus.query("rate(weir_service_requests_total[5s])"))
    hold(near(rate, RATE * len(REGIONS), 0.15), f"{rate:.0f} requests a second, not {RATE * len(REGIONS)}")
    for metric in ("weight", "weight_effective", "weight_seen"):
        for row, total in prometheus.query(f"sum by (service, from) (weir_service_{metric}_ratio)"):
            hold(near(total, 1, 1e-4), f"the shares {metric} of {row} make {total}")
    for name, address in TARGETS.items():
        pid = lab.read_state()["processes"]["controller" if name == "controller" else f"{name}-agent"]["pid"]
        resident = int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1)) * 1024
        told = {metric: prometheus.query(f'process_{metric}{{instance="{address}"}}')[0][1]
                for metric in ("resident_memory_bytes", "open_fds")}
        hold(near(told["resident_memory_bytes"], resident, 0.2), f"{name} holds {resident} bytes, not {told}")
        hold(near(told["open_fds"], len(os.listdir(f"/proc/{pid}/fd")), 0.5, 5), f"open descriptors of {name}: {told}")
    return wrong


def check_values(lab, prometheus):
    """Rates need some seconds until they are even."""
    end = time.monotonic() + TOLD_WITHIN_S
    while (wrong := wrong_values(lab, prometheus)) and time.monotonic() < end:
        time.sleep(1)
    expect(not wrong, "; ".join(wrong) or "round trips, rates, shares and processes are what they are said to be")


def check_fault(lab, prometheus, rules):
    """Alerts that nobody needs stay away while all is well, and a dead region is seen."""
    queries = {rule["name"]: rule["query"] for rule in rules}
    true_now = [name for name, query in queries.items() if name in SEEN_AS and prometheus.query(query)]
    expect(not true_now, f"no alert is about to fire while all is well {true_now or ''}".strip())
    faults.apply(lab, REGIONS[1], "region")
    begin = time.monotonic()
    missing = prometheus.wait_for({name: queries[name] for name in SEEN_AS}, TOLD_WITHIN_S)
    expect(not missing, f"a region cut off is seen within {time.monotonic() - begin:.1f} s by {', '.join(SEEN_AS)}"
           if not missing else f"a region cut off: {', '.join(missing)} did not see it within {TOLD_WITHIN_S} s")
    for name in ("detect", "apply"):
        metric = f"weir_failover_{name}_seconds"
        means = [mean for _, mean in prometheus.query(f"{metric}_sum / ({metric}_count > 0)")]
        expect(means and max(means) < DETECTED_WITHIN_S, f"{metric} tells of {[f'{mean:.4f}' for mean in means]}")


def main(words):
    check_rules()
    with running_lab() as lab:
        lab.up(1, print, open_metrics=True)
        prometheus = Prometheus(lab, GRAFANA / "alerts.yml")
        lab.wait_for_mesh()
        for region in REGIONS:
            lab.start_client(region, RATE, every=False)
        fetch(f"127.0.0.1:{lab.web_port}", "/")  # somebody looks at the dashboard
        lab.weirctl("policy", "mode", "auto", "--service", SERVICE, "--yes")
        rules = prometheus.rules()
        queries = {**panel_queries(), **alert_queries(rules)}
        empty = prometheus.wait_for(queries, TOLD_WITHIN_S)
        expect(not empty, f"all {len(queries)} queries of panels and alerts have data" if not empty
               else f"{len(empty)} queries without data: {no_data(empty)}")
        check_reference(check_pages(), words == ["--write"])
        check_values(lab, prometheus)
        check_fault(lab, prometheus, rules)
    print("metrics: ok")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except DemoError as error:
        print(f"metrics: FAILED {error}")
        sys.exit(1)
