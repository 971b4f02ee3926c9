#!/usr/bin/env python3
"""The mesh does not need its controller, and a token lets one machine in, once.

    us-east-1 agent ═══ eu-west-1 agent ═══ ap-northeast-1 agent      two nginx servers behind each
           ╚══════════════ controller ══════════╝

Joining: a token used twice, a claim of another region, a join that was killed. Then the controller is killed, an agent
is killed and started again, and must forward from its last good state; then the controller comes back.
"""
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

os.environ["WEIR_DEMO_RUN"] = f"/run/weir-st{os.getpid()}"
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "deploy" / "demo"))

from lab import BIN, PORT, REGIONS, RUN, DemoError, namespace, running_lab  # noqa: E402

HOME, OTHER = "us-east-1", "eu-west-1"
FORWARDS_WITHIN_S = 2.0
EVERYWHERE_WITHIN_S = 3.0
# Asks the gateway until every region has answered once: prints seconds to the first answer and to the last region.
ASK = """
import http.client, sys, time
start = time.monotonic()
seen, first = set(), None
while time.monotonic() - start < 20 and len(seen) < 3:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=2)
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            first = first or time.monotonic() - start
            seen.add(answer.getheader("X-Served-By").split("/")[0])
        connection.close()
    except OSError:
        time.sleep(0.01)
print(first, time.monotonic() - start, len(seen))
"""
METRICS = """
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:9190/metrics", timeout=5).read().decode())
"""


def expect(condition, text):
    if not condition:
        raise DemoError(text)
    print(f"ok    {text}", flush=True)


def machine(name):
    """A fresh machine of the other region: its own state and tunnel."""
    config = RUN / f"{name}.yaml"
    text = (RUN / OTHER / "agent.yaml").read_text()
    lines = [line for line in text.splitlines() if not line.startswith(("state_dir", "tunnel"))]
    lines += [f"state_dir: {RUN}/{name}", f"tunnel: {{interface: wst-{name}, listen_port: 51999}}"]
    config.write_text("\n".join(lines) + "\n")
    return config


def join(config, token, *more, kill_after=None):
    path = RUN / "token"
    path.write_text(token)
    command = ["ip", "netns", "exec", namespace(OTHER), BIN / "weir-agent", "join", "--token-file", path,
               "--config", config, *more]
    child = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if kill_after is not None:
        time.sleep(kill_after)
        child.send_signal(signal.SIGKILL)
    output, _ = child.communicate(timeout=40)
    return child.returncode, output


def new_token(lab):
    return lab.weirctl("mesh", "token", "create", "--region", OTHER, "--cluster", "blue")["secret"]


def agents(lab):
    return sorted(agent["agent"] for agent in lab.weirctl("mesh", "ls")["agents"])


def try_joining(lab):
    token = new_token(lab)
    status, output = join(machine("a"), token, "--region", HOME)
    expect(status != 0 and HOME in output, f"a claim of another region is refused: {output.strip().splitlines()[-1]}")
    expect(len(agents(lab)) == 3, "and leaves no agent behind")
    # Killed at several moments, then finished with the same token: one agent, not more.
    for moment in (0.02, 0.15, 0.4):
        join(machine("a"), token, kill_after=moment)
    status, output = join(machine("a"), token)
    joined = "joined mesh" in output or "has joined" in output
    expect(joined, f"a killed join is finished by running it again: {output.strip().splitlines()[-1]}")
    expect(agents(lab).count(f"{OTHER}/agent-2") == 1 and len(agents(lab)) == 4, "and makes one agent")
    status, output = join(machine("b"), token)
    expect(status != 0, f"another machine cannot use the token: {output.strip().splitlines()[-1]}")
    status, output = join(machine("a"), new_token(lab))
    expect(status != 0 and "--replace" in output, "a machine that has joined must say --replace to join again")
    lab.weirctl("mesh", "remove", f"{OTHER}/agent-2", "--yes")
    expect(len(agents(lab)) == 3, "a removed agent is gone")


def watches_its_loops():
    """A thread that hangs ends the agent only if the watchdog asks it."""
    page = subprocess.run(["ip", "netns", "exec", namespace(HOME), sys.executable, "-c", METRICS],
                          capture_output=True, text=True, timeout=40, check=True).stdout
    watched = set(re.findall(r'weir_loop_lag_seconds\{loop="([^"]+)"\}', page))
    expect(watched == {"core", "paths", "tunnel", "gateway-0"}, f"the watchdog watches {sorted(watched)}")


def restart_without_controller(lab):
    lab.kill("controller")
    lab.kill(f"{HOME}-agent")
    started = time.monotonic()
    lab.start_agent(HOME)
    done = subprocess.run(["ip", "netns", "exec", namespace(HOME), sys.executable, "-c", ASK, str(PORT)],
                          capture_output=True, text=True, timeout=40, check=True)
    first, last, seen = done.stdout.split()
    took = time.monotonic() - started
    expect(first != "None", "an agent started without a controller forwards")
    took += float(first) - float(last)
    expect(took <= FORWARDS_WITHIN_S, f"{took:.2f} s after its start (limit {FORWARDS_WITHIN_S} s)")
    later = float(last) - float(first)
    expect(int(seen) == 3 and later <= EVERYWHERE_WITHIN_S, f"and to all three regions {later:.2f} s later (limit {EVERYWHERE_WITHIN_S} s)")


def main():
    with running_lab() as lab:
        lab.up(1, lambda text: print(f"-     {text}", flush=True))
        lab.wait_for_mesh(40)
        watches_its_loops()
        try_joining(lab)
        pinned = lab.weirctl("weights", "pin", "shop/web", "--from", OTHER, f"{OTHER}=80,{HOME}=20", "--yes")
        restart_without_controller(lab)
        lab.start_controller()
        started = time.monotonic()
        lab.wait_for_mesh(40)
        print(f"ok    the controller is back with every agent in sync after {time.monotonic() - started:.1f} s", flush=True)
        rows = lab.weirctl("weights", "get", "shop/web", "--from", OTHER)["rows"]
        weights = {cell["region"]: cell["weight"] for cell in rows[0]["to"]}
        expect(weights.get(OTHER) == 80 and weights.get(HOME) == 20, f"and still knows the pin: {weights}")
        expect(int(rows[0]["generation"]) >= int(pinned["generation"]), "under a generation that did not go back")
        lab.require(*[f"{region}-agent" for region in REGIONS])
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        print(f"FAIL  {error}")
        sys.exit(1)
