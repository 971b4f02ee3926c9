"""The demo's lab: what runs where, and how it is started, found again and ended.

    controller (172.31.0.10)
        |  \\________________
        |                   \\                    every pair joined by weir-netlab, with the round-trip
    us-east-1 (.11) --- eu-west-1 (.12) --- ap-northeast-1 (.13)     times of latency.csv
        | 0.3 ms            | 0.3 ms             | 0.3 ms
    us-east-1-servers   eu-west-1-servers    ap-northeast-1-servers   two nginx each

A region's namespace holds its agent and its client. Everything that runs is on record in the run directory, so that
another terminal finds it and a later start can sweep it away.
"""
import contextlib
import csv
import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import string
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BIN = Path(os.environ.get("WEIR_BIN", ROOT / "build" / "release" / "bin"))
RUN = Path(os.environ.get("WEIR_DEMO_RUN", "/run/weir-demo"))
LAB = RUN.name.replace("_", "-").lower()
REGIONS = ("us-east-1", "eu-west-1", "ap-northeast-1")
SERVERS = ("web-1", "web-2")
SERVICE = "shop/web"
PORT = 8080
WEB_PORT = 7080 if LAB == "weir-demo" else 0  # of the dashboard, on this machine's loopback; 0: any that is free
CLIENT_DEADLINE_S = 3
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CONTROLLER_ADDRESS = "172.31.0.10"
# Namespaces share /var/run/wireguard, where `wg` looks for tunnels by interface: labs side by side need names of their own.
TAG = "weir" if LAB == "weir-demo" else "w" + hashlib.sha256(LAB.encode()).hexdigest()[:6]
INTERFACES = {node: f"{TAG}-{short}" for node, short in
              (("controller", "ctl"), ("us-east-1", "use1"), ("eu-west-1", "euw1"), ("ap-northeast-1", "apn1"))}


class DemoError(Exception):
    """Something the person at the terminal has to know; its text says what and where to look."""


def region_number(region):
    return REGIONS.index(region) + 1


def agent_address(region):
    return f"172.31.0.{10 + region_number(region)}"


def server_address(region, server):
    return f"10.{region_number(region)}.0.{11 + SERVERS.index(server)}"


def free_port(wished):
    """The wished port of loopback, or another when something else has it."""
    for port in (wished, 0):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)) as server:
            return server.getsockname()[1]
    raise DemoError("no port of 127.0.0.1 is free")


def namespace(node):
    return f"{LAB}-{node}"


def round_trips():
    """{(from, to): milliseconds} of the data file."""
    lines = [line for line in (HERE / "latency.csv").read_text().splitlines() if not line.startswith("#")]
    table = {}
    for row in csv.DictReader(lines):
        start = row.pop("from\\to")
        table.update({(start, to): float(ms) for to, ms in row.items()})
    return table


def topology(seed):
    """The lab as weir-netlab reads it; each direction gets half of its round trip."""
    rtt = round_trips()
    nodes = [f"  controller: {{addresses: [{CONTROLLER_ADDRESS}/24]}}"]
    links = []
    for region in REGIONS:
        number = region_number(region)
        servers = ", ".join(f"{server_address(region, server)}/24" for server in SERVERS)
        nodes.append(f"  {region}: {{addresses: [{agent_address(region)}/24, 10.{number}.0.1/24]}}")
        nodes.append(f"  {region}-servers: {{addresses: [{servers}]}}")
        links.append(f"  - {{between: [{region}, {region}-servers], delay: 150us}}")
        # The controller stands in the first region.
        near = 1.0 if region == REGIONS[0] else rtt[REGIONS[0], region]
        links.append(f"  - {{between: [controller, {region}], delay: {near / 2:.3f}ms}}")
        for other in REGIONS:
            if other != region:
                links.append(f"  - {{from: {region}, to: {other}, delay: {rtt[region, other] / 2:.3f}ms}}")
    return "\n".join([f"name: {LAB}", f"seed: {seed}", "nodes:", *nodes, "links:", *links, ""])


def fill(template, **values):
    text = (HERE / "templates" / template).read_text()
    return string.Template(text).safe_substitute(run=RUN, **values)


def started_at(pid):
    """When the process started, in clock ticks; None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def expect(good, what):
    """Says what holds; a DemoError when it does not."""
    if not good:
        raise DemoError(what)
    print(f"  {what}", flush=True)


def number(message, name):
    """A number of a protobuf message in JSON: 64-bit ones are strings there, and zeros are left out."""
    return int(snake(message).get(name, 0))


def snake(value):
    """The same JSON with the names of the proto files, whichever of the two forms it came in."""
    if isinstance(value, list):
        return [snake(item) for item in value]
    if isinstance(value, dict):
        return {"".join("_" + c.lower() if c.isupper() else c for c in key): snake(item) for key, item in value.items()}
    return value


@contextlib.contextmanager
def running_lab():
    """A lab that is taken down however the block ends; a signal ends it too. Its logs outlive it where the caller asks."""
    lab = Lab()
    if lab.is_up():
        raise DemoError("a demo is running already; end it with scripts/demo down")
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)  # a lab on one machine: what else runs there is no part of it
    for number in ENDING_SIGNALS:
        signal.signal(number, lab.on_signal)
    try:
        yield lab
    finally:
        for number in ENDING_SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # an impatient second Ctrl-C must not leave half of it
        target = os.environ.get("WEIR_DEMO_KEEP_LOGS")
        if target and RUN.exists():
            subprocess.run(["cp", "-r", str(RUN), target], check=False)
        lab.down()


def sweep_orphans():
    """Takes down the labs whose owner was killed before it could: their namespaces and processes are still there."""
    for state in RUN.parent.glob("weir-*/state.json"):
        if state.parent == RUN:
            continue
        with contextlib.suppress(OSError, ValueError, KeyError):
            owner = json.loads(state.read_text())["owner"]
            if started_at(owner["pid"]) != owner["started"]:
                subprocess.run([sys.executable, HERE / "demo.py", "down"], check=False,
                               env={**os.environ, "WEIR_DEMO_RUN": str(state.parent)})


class Lab:
    def __init__(self):
        self.state = {"processes": {}, "faults": []}
        self.children = {}  # those this process started itself
        self.busy_servers = False
        self.open_metrics = False
        self.starting = False
        self.ending = None  # the signal that came while a process was being started

    def on_signal(self, number, _frame):
        """Ends the program, but not between a process and the record of it."""
        if self.starting:
            self.ending = number
        else:
            sys.exit(128 + number)

    # The record: who runs, what is broken.

    @contextlib.contextmanager
    def record(self):
        """The state of the run directory, locked; written back when the block ends."""
        RUN.mkdir(mode=0o755, parents=True, exist_ok=True)
        with open(RUN / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.read_state()
            yield self.state
            draft = RUN / "state.json.new"
            draft.write_text(json.dumps(self.state, indent=1))
            draft.replace(RUN / "state.json")

    def read_state(self):
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            self.state = json.loads((RUN / "state.json").read_text())
        return self.state

    def is_up(self):
        return self.running("netlab")

    def running(self, name):
        entry = self.read_state()["processes"].get(name)
        return bool(entry) and started_at(entry["pid"]) == entry["started"]

    # Processes.

    def start(self, name, argv, node=None):
        """Starts a program in a node's namespace; what it prints goes to log/<name>.log."""
        command = [str(word) for word in argv]
        if node:
            command = ["ip", "netns", "exec", namespace(node), *command]
        (RUN / "log").mkdir(exist_ok=True)
        self.starting = True
        with open(RUN / "log" / f"{name}.log", "ab") as log:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.children[name] = child
        with self.record() as state:
            state["processes"][name] = {"pid": child.pid, "started": started_at(child.pid)}
        self.starting = False
        if self.ending:
            sys.exit(128 + self.ending)
        return child

    def signal(self, name, number):
        """Sends the whole group of a process a signal. False when it does not run."""
        entry = self.read_state()["processes"].get(name)
        if not entry or started_at(entry["pid"]) != entry["started"]:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(entry["pid"], number)
        return True

    def stop(self, *names, patience=5.0):
        """Asks processes to end, waits, then ends what is left."""
        for name in names:
            self.signal(name, signal.SIGCONT)
            self.signal(name, signal.SIGTERM)
        end = time.monotonic() + patience
        while time.monotonic() < end and any(self.alive(name) for name in names):
            time.sleep(0.05)
        for name in names:
            self.kill(name)
        with self.record() as state:
            for name in names:
                state["processes"].pop(name, None)

    def kill(self, name):
        self.signal(name, signal.SIGKILL)
        child = self.children.pop(name, None)
        if child:
            child.wait()

    def alive(self, name):
        child = self.children.get(name)
        if child:
            child.poll()  # takes the exit status of an ended one, which is a zombie until then
        return self.running(name)

    def require(self, *names):
        """Complains about the first that has ended, with the end of its log."""
        for name in names:
            if not self.alive(name):
                raise DemoError(f"{name} has ended:\n{self.log_tail(name)}")

    def log_tail(self, name, lines=8):
        with contextlib.suppress(FileNotFoundError):
            text = (RUN / "log" / f"{name}.log").read_text(errors="replace").splitlines()
            return "\n".join(f"  {line}" for line in text[-lines:])
        return "  (no log)"

    # Programs of the lab.

    def netlab(self, line):
        """One command to weir-netlab, without the cost of starting a program."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(RUN / "netlab.sock"))
            connection.sendall(line.encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                chunk = connection.recv(65536)
                if not chunk:
                    raise DemoError(f"weir-netlab closed the connection at: {line}")
                answer += chunk
        text = answer.decode().strip()
        if not text.startswith("ok"):
            raise DemoError(f"weir-netlab: {line}: {text}")
        return text[3:]

    def weirctl(self, *words, timeout=10):
        """A weirctl command's JSON."""
        return json.loads(self.weirctl_text(*words, "-o", "json", timeout=timeout))

    def weirctl_text(self, *words, timeout=10):
        """What a weirctl command prints."""
        code, out, err = self.weirctl_exit(*words, timeout=timeout)
        if code != 0:
            raise DemoError(f"weirctl {' '.join(words)}: {err.strip() or out.strip()}")
        return out

    def weirctl_exit(self, *words, timeout=10):
        """The exit code of a weirctl command, its output and what it said on standard error."""
        command = [BIN / "weirctl", "--socket", RUN / "admin.sock", *words]
        try:
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            raise DemoError(f"weirctl {' '.join(words)}: no answer within {timeout} s") from None
        return done.returncode, done.stdout, done.stderr

    def start_servers(self, region):
        for server in SERVERS:
            if self.busy_servers:
                self.start_busy_server(region, server)
                continue
            folder = RUN / region
            config = folder / f"{server}.conf"
            config.write_text(fill("nginx.conf", region=region, server=server,
                                   address=server_address(region, server)))
            self.start(f"{region}-{server}", ["nginx", "-e", "stderr", "-p", folder, "-c", config], f"{region}-servers")

    def start_busy_server(self, region, server):
        self.start(f"{region}-{server}",
                   [BIN / "weir-server", "--listen", f"{server_address(region, server)}:{PORT}",
                    "--name", f"{region}/{server}", "--seed", 10 * region_number(region) + SERVERS.index(server)],
                   f"{region}-servers")

    def start_controller(self):
        self.start("controller", [BIN / "weir-controller", "run", "--config", RUN / "controller.yaml"], "controller")

    def start_agent(self, region):
        self.start(f"{region}-agent", [BIN / "weir-agent", "run", "--config", RUN / region / "agent.yaml"], region)

    def start_client(self, region, rate, every):
        command = [BIN / "weir-load", "--target", f"127.0.0.1:{PORT}", "--source", region, "--rate", rate,
                   "--deadline", CLIENT_DEADLINE_S, "--host", "web.shop", "--out", RUN / region / "load.jsonl"]
        self.start(f"{region}-client", command + (["--every"] if every else []), region)

    def metrics_address(self, address):
        return address if self.open_metrics else "127.0.0.1"

    # Up and down.

    def up(self, seed, say, after_network=lambda: None, certificate_lifetime="24h", busy_servers=False, policy="learned",
           objective_ms=400, open_metrics=False, web_role="operator", error_share_above=0.5):
        self.open_metrics = open_metrics  # on the links' addresses, so that the other namespaces reach them
        self.busy_servers = busy_servers  # weir-server instead of nginx: requests that take time
        self.down()
        sweep_orphans()
        with self.record() as state:
            state["owner"] = {"pid": os.getpid(), "started": started_at(os.getpid())}
        for region in REGIONS:
            (RUN / region).mkdir(exist_ok=True)
            os.chmod(RUN / region, 0o755)
        say("Regions and links")
        self.start_network(seed)
        after_network()
        say("Servers")
        for region in REGIONS:
            self.start_servers(region)
        say("Controller")
        self.web_port = free_port(WEB_PORT)
        with self.record() as state:
            state["web_port"] = self.web_port
        controller = fill("controller.yaml", interface=INTERFACES["controller"],
                          controller_address=CONTROLLER_ADDRESS, regions=", ".join(REGIONS),
                          certificate_lifetime=certificate_lifetime, objective_ms=objective_ms, policy=policy,
                          metrics_address=self.metrics_address(CONTROLLER_ADDRESS), web_port=self.web_port, web_role=web_role,
                          error_share_above=error_share_above)
        (RUN / "controller.yaml").write_text(controller)
        self.start_controller()
        self.wait_for_controller()
        self.start("door", [Path(__file__).with_name("door.py"), self.web_port, namespace("controller")])
        say(f"Dashboard: http://127.0.0.1:{self.web_port}")
        say("Agents: a join token each, then enrolment through the token's own tunnel")
        self.join_agents()
        for region in REGIONS:
            self.start_agent(region)

    def start_network(self, seed):
        if not Path("/dev/net/tun").exists():
            Path("/dev/net").mkdir(exist_ok=True)
            os.mknod("/dev/net/tun", 0o666 | 0o020000, os.makedev(10, 200))
        (RUN / "topology.yaml").write_text(topology(seed))
        command = [BIN / "weir-netlab", "up", "--topology", RUN / "topology.yaml", "--socket", RUN / "netlab.sock"]
        self.start("netlab", command)
        self.wait("the network", 20, lambda: (RUN / "netlab.sock").exists(), "netlab")

    def wait_for_controller(self):
        def answers():
            with contextlib.suppress(DemoError):
                return self.weirctl("status") is not None
            return False
        self.wait("the controller", 20, answers, "controller")

    def join_agents(self):
        joins = {}
        for region in REGIONS:
            folder = RUN / region
            endpoints = ", ".join(f'"{server_address(region, server)}:{PORT}"' for server in SERVERS)
            (folder / "endpoints.yaml").write_text(f"services: {{{SERVICE}: [{endpoints}]}}\n")
            (folder / "agent.yaml").write_text(fill("agent.yaml", region=region, interface=INTERFACES[region],
                                                     address=agent_address(region),
                                                     metrics_address=self.metrics_address(agent_address(region))))
            token = self.weirctl("mesh", "token", "create", "--region", region, "--cluster", f"{region}-a")
            path = folder / "token"
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(token["secret"] + "\n")
            joins[region] = self.start(f"{region}-join", [BIN / "weir-agent", "join", "--token-file", path,
                                                          "--config", folder / "agent.yaml"], region)
        for region, join in joins.items():
            try:
                status = join.wait(timeout=30)
            except subprocess.TimeoutExpired:
                status = "no end within 30 s"
            if status != 0:
                raise DemoError(f"{region}'s agent could not join ({status}):\n{self.log_tail(f'{region}-join')}")

    def wait_for_mesh(self, seconds=25):
        """Until every agent is in sync and every path and server is up."""
        def ready():
            with contextlib.suppress(DemoError):
                status = self.weirctl("status")
                agents = len(REGIONS)
                return (number(status, "agents_synced") == agents
                        and number(status, "paths_up") == agents * (agents - 1)
                        and number(status, "endpoints_healthy") == len(SERVERS) * agents)
            return False
        self.wait("the mesh", seconds, ready, "netlab", "controller", *[f"{region}-agent" for region in REGIONS])

    def wait(self, what, seconds, condition, *needed):
        for _ in range(10 * seconds):  # not by the clock: a machine that stood still for a while has not waited
            if condition():
                return
            self.require(*needed)
            time.sleep(0.1)
        raise DemoError(f"{what} did not come up within {seconds} s; logs are in {RUN}/log")

    def down(self):
        """Ends everything on record, of this start or an earlier one, and removes the run directory."""
        if not RUN.exists():
            return
        names = list(self.read_state()["processes"])
        self.stop(*[name for name in names if name.endswith("-client")])
        self.stop(*[name for name in names if name != "netlab"])
        self.stop("netlab")
        if (RUN / "topology.yaml").exists() and (BIN / "weir-netlab").exists():  # a lab that was killed leaves its namespaces
            subprocess.run([BIN / "weir-netlab", "down", "--topology", RUN / "topology.yaml"], capture_output=True)
        self.children.clear()
        self.state = {"processes": {}, "faults": []}
        shutil.rmtree(RUN, ignore_errors=True)
