"""demo --check: breaks the lab in every way it must survive and measures, at the clients, what that cost.

Moments are noted while the lab runs; what they did to the requests is evaluated at the end, when every request has
ended one way or another. A request counts as sent towards a destination when a server there answered it, when the
gateway tried it there (its answer says so), or when it was lost.
"""
import contextlib
import time

import faults
from lab import CLIENT_DEADLINE_S, REGIONS, RUN, SERVICE, DemoError, number, snake
from load_log import LoadLog, shares

RATE = 160
SHARE_REQUESTS = 3000
SHARE_POINTS = 2.0
LIMITS_MS = {"servers": 500, "silent": 1500, "path": 500, "path without controller": 500, "region": 1000}
SECONDS_MAX = 90
MEASURED_LEAST = 0.8  # of the requests that were due in a fault; with fewer its figure says nothing


class Moment:
    """One fault: when it struck and was healed, and for which sources it concerns which destination."""

    def __init__(self, name, sources):
        self.name = name
        self.sources = sources  # {source: destination that is gone}
        self.start = time.time()
        self.struck = None  # a moment later: two servers die one after the other
        self.healed = None
        self.returned = None

    def was_under_way(self, source, request):
        """Sent before the fault was whole and not yet answered when it began, by a client whose way it concerns."""
        return source in self.sources and request["due"] <= self.struck and self.start < request["due"] + request["took"]

    def stopped_client(self, source, request):
        """Of a client that was itself stopped with its region: no part of what is measured."""
        until = self.healed + CLIENT_DEADLINE_S
        return source not in self.sources and request["due"] < until and request["due"] + request["took"] > self.start


class Check:
    def __init__(self, lab, say):
        self.lab = lab
        self.say = say
        self.begun = time.monotonic()
        self.logs = {region: LoadLog(RUN / region / "load.jsonl") for region in REGIONS}
        self.moments = []
        self.complaints = []

    def run(self):
        """True when everything held."""
        self.step("Waiting for the mesh")
        self.lab.wait_for_mesh()
        self.step(f"Clients: {RATE} requests per second in each region")
        for region in REGIONS:
            self.lab.start_client(region, RATE, every=True)
        self.wait_for_shares()
        share_window = self.send_for_shares()
        self.fault("servers", "eu-west-1", "servers", 1.5)
        self.fault("silent", "us-east-1", "silent", 3.0)
        self.fault("path", "eu-west-1", "path", 1.5, "us-east-1")
        self.controller_dies()
        self.fault("region", "ap-northeast-1", "region", 2.0)
        self.lab.stop(*[f"{region}-client" for region in REGIONS])
        for log in self.logs.values():
            log.read()
        self.judge_shares(*share_window)
        figures = {moment.name: self.judge(moment) for moment in self.moments}
        self.judge_clients()
        self.judge_lost()
        return self.conclude(figures)

    # While the lab runs.

    def step(self, text):
        self.say(f"[{time.monotonic() - self.begun:4.0f} s] {text}")
        if time.monotonic() - self.begun > SECONDS_MAX:
            raise DemoError(f"the check took more than {SECONDS_MAX} s")

    def expect(self, good, complaint):
        if not good:
            self.complaints.append(complaint)
            self.say(f"         FAIL {complaint}")

    def wait(self, what, seconds, condition):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise DemoError(f"{what}: not within {seconds} s; logs are in {RUN}/log")
            time.sleep(0.2)

    def served(self, source, since):
        """Regions that answered requests of `source` that were due after `since`."""
        return {request["region"] for request in self.logs[source].read().between(since, time.time()) if request["region"]}

    def wait_for_shares(self):
        """Until every source sends to every region again."""
        since = time.time()
        self.wait("every source sends to every region", 20,
                  lambda: all(self.served(region, time.time() - 3) >= set(REGIONS) for region in REGIONS)
                  and time.time() - since > 1)

    def settled(self):
        """Every source's shares are those that were wanted, as the agents report them."""
        rows = self.lab.weirctl("weights", "get").get("rows", [])
        cells = [cell for row in rows for cell in row.get("to", [])]
        return len(cells) == len(REGIONS) ** 2 and all(
            abs(number(cell, "wanted_share_ppm") - number(cell, "effective_share_ppm")) < 1000 for cell in cells)

    def send_for_shares(self):
        self.wait("every share as wanted", 20, self.settled)
        start = time.time()
        seconds = SHARE_REQUESTS / RATE + 1
        self.step(f"Shares: {SHARE_REQUESTS} requests per source take {seconds:.0f} s")
        time.sleep(seconds)
        return start, time.time()

    def fault(self, name, region, kind, seconds, other=None):
        if kind == "path":
            sources = {region: other, other: region}
        else:
            sources = {source: region for source in REGIONS if kind != "region" or source != region}
        self.step(f"Fault: {region} {faults.KINDS[kind]}" + (f" ({other})" if other else ""))
        moment = Moment(name, sources)
        self.moments.append(moment)
        faults.apply(self.lab, region, kind, other)
        moment.struck = time.time()
        time.sleep(seconds)
        faults.heal(self.lab)
        moment.healed = time.time()
        self.wait_for_return(sources)
        moment.returned = time.time()

    def wait_for_return(self, sources):
        self.wait("traffic returns after the fault was healed", 15, lambda: all(
            destination in self.served(source, time.time() - 1.5) for source, destination in sources.items()))

    def controller_dies(self):
        """Controller killed under load, a path cut without it, controller back."""
        before = self.lab.weirctl("status")
        self.step("Controller killed (-9)")
        self.lab.kill("controller")
        time.sleep(1)
        self.fault("path without controller", "ap-northeast-1", "path", 1.5, "eu-west-1")
        self.step("Controller started again")
        self.lab.start_controller()

        def resumed():
            with contextlib.suppress(DemoError):
                status = self.lab.weirctl("status")
                self.after = status
                return number(status, "agents_synced") == len(REGIONS)
            return False
        self.wait("every agent in sync with the new controller", 15, resumed)
        was, now = [(number(s, "epoch"), number(s, "generation")) for s in (before, self.after)]
        self.expect(now >= was, f"the controller came back with revision {now}, older than {was}")

    # When every request has ended.

    def judge_shares(self, start, end):
        rows = {row["from_region"]: row for row in snake(self.lab.weirctl("weights", "get"))["rows"]
                if row["service"] == SERVICE}
        for source in REGIONS:
            requests = [r for r in self.logs[source].between(start, end) if r["region"]][:SHARE_REQUESTS]
            self.expect(len(requests) == SHARE_REQUESTS, f"{source} sent only {len(requests)} requests for its shares")
            weights = {cell["region"]: number(cell, "weight") for cell in rows[source]["to"]}
            expected = {region: 130 if region == source else 100 for region in REGIONS}
            self.expect(weights == expected, f"{source} has weights {weights}, not {expected}")
            seen = shares(requests)
            parts = []
            for region in REGIONS:
                wanted = weights.get(region, 0) / sum(weights.values())
                off = 100 * (seen.get(region, 0) - wanted)
                parts.append(f"{region} {100 * seen.get(region, 0):.1f}% (weight {weights.get(region, 0)}: {100 * wanted:.1f}%)")
                self.expect(abs(off) <= SHARE_POINTS, f"{source} sent {off:+.1f} points beside its weight to {region}")
            self.say(f"         shares from {source}: {', '.join(parts)}")

    def judge(self, moment):
        """Milliseconds from the fault to the last request sent that way."""
        last = 0.0
        lost = affected = 0
        for source, destination in moment.sources.items():
            requests = self.logs[source].between(moment.start, moment.healed)
            least = MEASURED_LEAST * RATE * (moment.healed - moment.start)
            self.expect(len(requests) >= least, f"{moment.name}: {source} sent only {len(requests)} requests, {least:.0f} are needed")
            for request in requests:
                if request["lost"] or destination in request["tried"] or request["region"] == destination:
                    affected += 1
                    lost += request["lost"]
                    last = max(last, request["due"] - moment.start)
        ms = round(1000 * last)
        self.say(f"         {moment.name}: last request that way after {ms} ms, {affected} sent, {lost} of them lost")
        self.expect(affected > 0, f"{moment.name}: no request was sent that way, so nothing was measured")
        self.expect(ms <= LIMITS_MS[moment.name], f"{moment.name}: {ms} ms, limit {LIMITS_MS[moment.name]} ms")
        return ms

    def judge_clients(self):
        """A client that stood still and left requests out would make everything look better."""
        stopped = {source for moment in self.moments if moment.name == "region" for source in REGIONS if source not in moment.sources}
        for source, log in self.logs.items():
            self.expect(log.total is not None, f"the client of {source} did not end properly")
            skipped = log.total["skipped"] if log.total else 0
            self.expect(skipped == 0 or source in stopped, f"the client of {source} left out {skipped} requests")

    def judge_lost(self):
        """Only requests under way when a fault struck may be lost: none that was sent later, none without a fault."""
        stray = [(source, request) for source, log in self.logs.items() for request in log.requests
                 if request["lost"] and not any(moment.was_under_way(source, request) for moment in self.moments)
                 and not any(moment.name == "region" and moment.stopped_client(source, request) for moment in self.moments)]
        for source, request in stray[:5]:
            after = [moment for moment in self.moments if moment.start < request["due"]]
            when = f"{request['due'] - after[-1].start:+.2f} s from the fault {after[-1].name}" if after else "before any fault"
            self.say(f"         lost: {source}, {when}: {request['reason'] or request['status']} "
                     f"after {1000 * request['took']:.0f} ms")
        self.expect(not stray, f"{len(stray)} requests lost that were not under way when a fault struck")

    def conclude(self, figures):
        region_moments = [m for m in self.moments if m.name == "region"]
        sent = sum(len(log.requests) for log in self.logs.values())
        lost = sum(request["lost"] for source, log in self.logs.items() for request in log.requests
                   if not any(moment.stopped_client(source, request) for moment in region_moments))
        path = max(figures["path"], figures["path without controller"])
        verdict = "FAILED" if self.complaints else "ok"
        self.say(f"         silent servers: {figures['silent']} ms; path with controller {figures['path']} ms, "
                 f"without {figures['path without controller']} ms")
        for complaint in self.complaints:
            self.say(f"demo-check: fell short: {complaint}")
        self.say(f"demo-check: {verdict} failover_servers_ms={figures['servers']} failover_path_ms={path} "
                 f"failover_region_ms={figures['region']} lost={lost} sent={sent}")
        return not self.complaints
