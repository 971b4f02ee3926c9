#!/usr/bin/env python3
"""A collector gets one trace for each change that is published, and whatever it does, decisions go on.

    three regions, their service in mode auto; the collector is a small HTTP server beside the controller
    takes all -> answers 500 -> hangs -> is gone -> is back
"""
import contextlib
import json
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

os.environ["WEIR_DEMO_RUN"] = f"/run/weir-trc{os.getpid()}"
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "demo"))

import lab as demo  # noqa: E402
from lab import REGIONS, SERVICE, DemoError, expect, number, running_lab, snake  # noqa: E402
from prometheus import fetch, inside  # noqa: E402

TOKEN = "Bearer sesame"
STEPS = ["collect", "infer", "guard", "store", "push"]
ID = {"traceId": re.compile("[0-9a-f]{32}"), "spanId": re.compile("[0-9a-f]{16}")}


class Collector:
    """Takes traces; `mode` says how."""

    def __init__(self, node):
        self.node, self.server, self.port = node, None, 0
        self.mode = "take"
        self.traces, self.flaws, self.asked = {}, [], 0
        self.released = threading.Event()
        self.lock = threading.Lock()

    def listen(self):
        """On loopback of the node's namespace, always on the same port."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        with inside(self.node):
            self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request):
        body = request.rfile.read(int(request.headers["Content-Length"]))
        mode = self.mode
        with self.lock:
            self.asked += 1
            if mode == "take":
                self.take(request, json.loads(body))
        if mode == "hang":
            self.released.wait(60)
            return
        with contextlib.suppress(OSError):
            request.send_response(500 if mode == "refuse" else 200)
            request.send_header("Content-Length", "2")
            request.end_headers()
            request.wfile.write(b"{}")

    def take(self, request, message):
        def hold(good, what):
            if not good:
                self.flaws.append(what)
        hold(request.path == "/base/v1/traces", f"path {request.path}")
        hold(request.headers["Content-Type"] == "application/json", "content type")
        hold(request.headers["Authorization"] == TOKEN, "the token")
        for resource in message["resourceSpans"]:
            who = attributes(resource["resource"])
            hold((who["service.name"], who["weir.mesh"]) == ("weir-controller", "demo"), f"resource {who}")
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    for name, form in ID.items():
                        hold(form.fullmatch(span[name]) and int(span[name], 16), f"{name} {span[name]}")
                    self.traces.setdefault(span["traceId"], []).append(span)

    def all(self):
        with self.lock:
            return [Trace(spans) for spans in self.traces.values()]

    def published(self):
        return [trace for trace in self.all() if trace.told["weir.published"]]

    def unchanged(self):
        return [trace for trace in self.all() if not trace.told["weir.published"]]

    def count(self):
        with self.lock:
            return self.asked


def attributes(message):
    values = {}
    for entry in message["attributes"]:
        (kind, value), = entry["value"].items()
        if kind == "arrayValue":
            value = [item["stringValue"] for item in value.get("values", ())]
        values[entry["key"]] = int(value) if kind == "intValue" else value
    return values


class Trace:
    def __init__(self, spans):
        self.spans = spans
        roots = [span for span in spans if "parentSpanId" not in span]
        if len(roots) != 1:
            raise DemoError(f"a trace with {len(roots)} spans without a parent")
        self.root = roots[0]
        self.told = attributes(self.root)

    def children(self, parent):
        found = [span for span in self.spans if span.get("parentSpanId") == parent["spanId"]]
        return sorted(found, key=lambda span: (int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])))

    def flaws(self):
        """What is wrong with a trace of a change that the policy wished."""
        flaws = []
        steps = self.children(self.root)
        if [step["name"] for step in steps] != STEPS:
            return [f"its steps are {[step['name'] for step in steps]}"]
        push = steps[-1]
        applies = self.children(push)
        if len(self.spans) != 1 + len(steps) + len(applies):
            flaws.append("a span that belongs nowhere")
        for parent, inner in ((self.root, steps), (push, applies)):
            for span in inner:
                begin, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
                if not int(parent["startTimeUnixNano"]) <= begin <= end <= int(parent["endTimeUnixNano"]):
                    flaws.append(f"{span['name']} is not within {parent['name']}")
        for before, after in zip(steps, steps[1:]):
            if int(before["endTimeUnixNano"]) > int(after["startTimeUnixNano"]):
                flaws.append(f"{after['name']} begins before {before['name']} ends")
        sources = self.told["weir.changed_sources"]
        regions = [attributes(span)["weir.region"] for span in applies]
        if sorted(regions) != sorted(sources):
            flaws.append(f"sources {sources} are applied in {regions}")
        flaws += [f"status {span['status']}" for span in self.spans if "status" in span]
        age = time.time() - int(self.root["endTimeUnixNano"]) / 1e9
        if not -1 < age < 600:
            flaws.append(f"it ended {age} s ago")
        return flaws

    def duration_ms(self, span):
        return (int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])) / 1e6


def wait_for(what, seconds, condition):
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise DemoError(f"{what}: not within {seconds} s")
        time.sleep(0.1)
    return found


def policy(lab):
    return snake(lab.weirctl("policy", "status"))["policies"][0]


def changes(lab):
    return snake(lab.weirctl("weights", "history", "--since", "10m", "--limit", "1000"))["changes"]


def revisions(rows):
    """{revision} of changes by the policy."""
    return {f"{number(row, 'epoch')}.{number(row, 'generation')}" for row in rows if row["by"] == "learned"}


def metric(lab, name):
    """As the controller tells it."""
    page = fetch("127.0.0.1:9180", "/metrics")
    return sum(float(line.rsplit(" ", 1)[1]) for line in page.splitlines() if line.startswith(f"weir_trace_spans_{name} "))


def move(lab):
    """Makes the policy change something: pins hold the weights far from its wish, then they go."""
    before = revisions(changes(lab))
    for region in REGIONS:
        lab.weirctl("weights", "pin", SERVICE, "--from", region, ",".join(f"{to}=100" for to in REGIONS), "--yes")
    for region in REGIONS:
        lab.weirctl("weights", "unpin", SERVICE, "--from", region, "--yes")
    return wait_for("the policy changes weights", 20, lambda: revisions(changes(lab)) - before)


def decides(lab, seconds=4):
    """Decisions in so many seconds; one is due each second."""
    before, begin = number(policy(lab), "decisions"), time.monotonic()
    time.sleep(seconds)
    return number(policy(lab), "decisions") - before, time.monotonic() - begin


def check_disturbed(lab, collector, mode):
    """Decisions and changes go on whatever the collector does."""
    asked = collector.count()
    move(lab)
    if mode != "gone":
        wait_for(f"the collector that will {mode} is asked", 15, lambda: collector.count() > asked)
    made, seconds = decides(lab)
    expect(made >= seconds - 1.5, f"{mode}: {made} decisions in {seconds:.1f} s")
    row = policy(lab)
    expect(number(row, "falls") == 0 and row["steering"] == "learned", f"{mode}: no policy has fallen")


def log_lines(event):
    text = (Path(os.environ["WEIR_DEMO_RUN"]) / "log" / "controller.log").read_text()
    return [line for line in text.splitlines() if f" {event} " in line or line.endswith(f" {event}")]


def main():
    with running_lab() as lab:
        collector = Collector("controller")
        headers = Path(os.environ["WEIR_DEMO_RUN"]) / "trace-headers"
        start_controller = lab.start_controller

        def start_traced():
            collector.listen()
            headers.write_text(f"Authorization: {TOKEN}\n")
            with open(demo.RUN / "controller.yaml", "a") as config:
                config.write(f"tracing: {{endpoint: 'http://127.0.0.1:{collector.port}/base/', sample: 1.0, headers: {headers}}}\n")
            start_controller()

        lab.start_controller = start_traced
        lab.up(1, print, busy_servers=True)
        lab.wait_for_mesh()
        for region in REGIONS:
            lab.start_client(region, 40, every=False)
        lab.weirctl("policy", "mode", "auto", "--service", SERVICE, "--yes")
        wanted = wait_for("the policy changes weights", 20, lambda: revisions(changes(lab)))

        def told():
            found = {}
            for trace in collector.published():
                if trace.told["weir.policy"] == "learned":
                    found.setdefault(trace.told["weir.revision"], []).append(trace)
            return found if wanted <= set(found) else None

        traces = wait_for("the traces of those changes", 20, told)
        expect(all(len(some) == 1 for some in traces.values()), f"one trace for each of {len(traces)} changes by the policy")
        flaws = [flaw for some in traces.values() for trace in some for flaw in trace.flaws()]
        expect(not flaws, f"{', '.join(STEPS)} and in it apply, each in its place" if not flaws else str(flaws))
        trace = next(iter(traces.values()))[0]
        for span in [trace.root, *trace.children(trace.root), *trace.children(trace.children(trace.root)[-1])]:
            print(f"    {span['name']:9} {trace.duration_ms(span):8.2f} ms {attributes(span)}")
        lab.weirctl("guardrails", "set", "max_step", "0.2", "--service", SERVICE, "--yes")
        lab.weirctl("weights", "pin", SERVICE, "--from", REGIONS[0], ",".join(f"{to}=100" for to in REGIONS), "--yes")
        pin = wait_for("the trace of a pin that a guard cut", 20, lambda: [
            trace for trace in collector.published()
            if "pin" in trace.told["weir.policy"] and trace.told["weir.guards"] == ["largest_step"]])[0]
        steps = [step["name"] for step in pin.children(pin.root)]
        expect(steps == STEPS[2:], f"a pin is traced, with the guard that cut it; its steps are {steps}")
        lab.weirctl("guardrails", "unset", "max_step", "--service", SERVICE, "--yes")
        lab.weirctl("weights", "unpin", SERVICE, "--from", REGIONS[0], "--yes")
        others = wait_for("decisions that change nothing", 20, collector.unchanged)
        expect(all([step["name"] for step in trace.children(trace.root)] == ["collect", "infer"] for trace in others),
               f"{len(others)} decisions that changed nothing, of a sample of all")
        expect(not collector.flaws, f"every request is as it should be {collector.flaws[:3] or ''}".strip())
        expect(metric(lab, "sent_total") > 0 and metric(lab, "failed_total") == 0, "what was sent is counted")
        expect(not log_lines("tracing.down"), "and nothing is wrong")

        collector.mode = "refuse"
        check_disturbed(lab, collector, "refuse")
        expect(metric(lab, "failed_total") > 0, "what was refused is counted")
        expect(len(log_lines("tracing.down")) == 1, f"said once: {log_lines('tracing.down')[0]}")
        collector.mode = "hang"
        check_disturbed(lab, collector, "hang")
        collector.released.set()
        collector.close()
        check_disturbed(lab, collector, "gone")
        expect(len(log_lines("tracing.down")) == 1 and not log_lines("tracing.up"), "no further line while it goes on")
        collector.mode = "take"
        before = len(collector.published())
        collector.listen()
        wait_for("traces come again", 40, lambda: len(collector.published()) > before)
        wait_for("the line that it is back", 10, lambda: len(log_lines("tracing.up")) == 1)
        expect(metric(lab, "dropped_total") == 0, "what waited meanwhile is there")
    print("tracing: ok")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        print(f"tracing: FAILED {error}")
        sys.exit(1)
