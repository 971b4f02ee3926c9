"""demo --check --policy NAME: the same fault under weighted round robin and under a policy, in one run.

Servers have work to do here (weir-server): four workers each, 40 ms a request. Twice both servers of a region become
three times as slow; once the configured weights (130:100:100) hold, once the policy steers. What counts is the share
of all requests, due from the moment of the fault on, that were answered well within the objective.
"""
import signal
import time

from lab import REGIONS, RUN, SERVERS, SERVICE, DemoError, snake
from load_log import LoadLog

RATE = 100
# The p99 of the service (40 ms on average) and 1.2 round trips to the nearest neighbour (us-east-1 to eu-west-1: 70 ms):
# the middle one of the objectives that policies are compared on.
OBJECTIVE_MS = 175
SLOW = "eu-west-1"
WARM_S = 5      # clients before anything is measured
FAULT_S = 20
DRAIN_S = 8    # queues of the fault before
LEARN_S = 10    # the policy sees the healthy mesh
LEAST_RATIO = 1.30
MEASURED_LEAST = 0.95  # of the requests that were due


class PolicyCheck:
    def __init__(self, lab, policy, say):
        self.lab = lab
        self.policy = policy
        self.say = say
        self.begun = time.monotonic()

    def step(self, text):
        self.say(f"[{time.monotonic() - self.begun:4.0f} s] {text}")

    def run(self):
        """True when the policy did as much better as it must."""
        self.step("Waiting for the mesh")
        self.lab.wait_for_mesh()
        self.step(f"Clients: {RATE} requests per second in each region")
        for region in REGIONS:
            self.lab.start_client(region, RATE, every=True)
        time.sleep(WARM_S)
        windows = {"wrr": self.slow_region("the configured weights")}
        self.step(f"Mode auto: {self.policy} steers")
        self.lab.weirctl("policy", "mode", "auto", "--service", SERVICE, "--yes")
        time.sleep(LEARN_S)
        windows[self.policy] = self.slow_region(self.policy)
        self.show_weights()
        self.lab.stop(*[f"{region}-client" for region in REGIONS])
        return self.conclude({name: self.in_objective(*window) for name, window in windows.items()})

    def slow_region(self, who):
        """From when to when the region was slow."""
        self.step(f"Fault: servers of {SLOW} three times as slow, under {who}")
        start = time.time()
        self.tell_servers(signal.SIGUSR1)
        time.sleep(FAULT_S)
        end = time.time()
        if who == self.policy:
            self.show_weights()
        self.tell_servers(signal.SIGUSR2)
        time.sleep(DRAIN_S)
        return start, end

    def tell_servers(self, number):
        for server in SERVERS:
            self.lab.signal(f"{SLOW}-{server}", number)

    def show_weights(self):
        status = snake(self.lab.weirctl("policy", "status"))["policies"][0]
        self.say(f"         {status.get('steering', 'nobody')} steers, {status.get('decisions', 0)} decisions, "
                 f"falls: {status.get('falls', 0)}")
        for row in snake(self.lab.weirctl("weights", "get"))["rows"]:
            cells = ", ".join(f"{cell['region']} {int(cell.get('wanted_share_ppm', 0)) / 1e4:.1f}%" for cell in row["to"])
            self.say(f"         from {row['from_region']}: {cells}")

    def in_objective(self, start, end):
        good = due = 0
        for region in REGIONS:
            requests = LoadLog(RUN / region / "load.jsonl").read().between(start, end)
            due += len(requests)
            good += sum(not r["lost"] and 200 <= r["status"] < 400 and r["took"] * 1000 <= OBJECTIVE_MS for r in requests)
        if due < MEASURED_LEAST * RATE * len(REGIONS) * (end - start):
            raise DemoError(f"the clients sent only {due} requests in {end - start:.0f} s")
        return good / due

    def conclude(self, shares):
        wrr, learned = shares["wrr"], shares[self.policy]
        ratio = learned / wrr if wrr else float("inf")
        verdict = "ok" if ratio >= LEAST_RATIO else "FAILED"
        if verdict != "ok":
            self.say(f"policy-check: fell short: {ratio:.2f} times, {LEAST_RATIO:.2f} are wanted")
        self.say(f"policy-check: {verdict} policy={self.policy} in_objective_wrr={100 * wrr:.1f}% "
                 f"in_objective_{self.policy}={100 * learned:.1f}% ratio={ratio:.2f}")
        return verdict == "ok"
