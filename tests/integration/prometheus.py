"""A real Prometheus in a lab's controller namespace, and pages fetched from there.

    controller namespace: prometheus -- links --> /metrics of the controller and of every agent
"""
import contextlib
import ctypes
import http.client
import json
import os
import socket
import time
import urllib.parse
from pathlib import Path

from lab import CONTROLLER_ADDRESS, REGIONS, RUN, DemoError, agent_address, namespace

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
TARGETS = {"controller": f"{CONTROLLER_ADDRESS}:9180", **{region: f"{agent_address(region)}:9190" for region in REGIONS}}
CONFIG = """
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [%s]
scrape_configs:
  - job_name: weir
    static_configs: [{targets: [%s], labels: {mesh: demo}}]
"""


@contextlib.contextmanager
def inside(node):
    """This thread in a node's network; a socket made there stays there."""
    with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{namespace(node)}") as there:
        if LIBC.setns(there.fileno(), CLONE_NEWNET) != 0:
            raise DemoError(f"cannot enter {namespace(node)}: {os.strerror(ctypes.get_errno())}")
        try:
            yield
        finally:
            LIBC.setns(home.fileno(), CLONE_NEWNET)


def fetch(address, path):
    """What an HTTP server answers to the controller's namespace."""
    host, port = address.rsplit(":", 1)
    with inside("controller"):
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        connection.connect()
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
    if answer.status != 200:
        raise DemoError(f"{address}{path}: {answer.status} {body}")
    return body


class Prometheus:
    def __init__(self, lab, rules):
        with inside("controller"), socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        folder = RUN / "prometheus"
        folder.mkdir()
        targets = ", ".join(f'"{target}"' for target in TARGETS.values())
        (folder / "prometheus.yml").write_text(CONFIG % (Path(rules).resolve(), targets))
        lab.start("prometheus", ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                                 f"--web.listen-address={self.address}", "--log.level=warn"], "controller")
        lab.wait("prometheus", 20, self.ready, "prometheus")

    def ready(self):
        with contextlib.suppress(OSError, DemoError):
            return fetch(self.address, "/-/ready") != ""
        return False

    def ask(self, what, **words):
        answer = json.loads(fetch(self.address, f"/api/v1/{what}?{urllib.parse.urlencode(words)}"))
        return answer["data"]

    def query(self, expression):
        """Labels and numbers now; what is no number is left out."""
        found = self.ask("query", query=expression)["result"]
        return [(one["metric"], float(one["value"][1])) for one in found if one["value"][1] != "NaN"]

    def rules(self):
        return [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]

    def wait_for(self, expressions, seconds):
        """Those of {name: expression} that have no data after so long."""
        end = time.monotonic() + seconds
        empty = dict(expressions)
        while empty and time.monotonic() < end:
            empty = {name: expression for name, expression in empty.items() if not self.query(expression)}
            if empty:
                time.sleep(0.5)
        return empty
