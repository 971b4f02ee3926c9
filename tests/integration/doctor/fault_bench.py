"""What the faults of tests/integration/doctor.py are made with: processes, links, files, disks, ports of a real lab."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from lab import BIN, INTERFACES, REGIONS, RUN, SERVERS, SERVICE, DemoError, agent_address, namespace

US, EU, _ = REGIONS
HERE = Path(__file__).resolve().parent
STORE_MB = 320
ELSEWHERE = "172.31.0.20"
CLOCK_SHIFT_S = -8  # behind: nobody takes the handshakes of a clock that was set back until it has caught up


@dataclass
class Bench:
    """What the faults are made with."""
    lab: object
    kept: dict = field(default_factory=dict)

    # Processes.

    def kill_servers(self, region, which=SERVERS):
        for server in which:
            self.lab.kill(f"{region}-{server}")

    def start_servers(self, region):
        self.lab.stop(*[f"{region}-{server}" for server in SERVERS], patience=0)
        self.lab.start_servers(region)

    def signal_servers(self, region, number, which=SERVERS):
        for server in which:
            self.lab.signal(f"{region}-{server}", number)

    def run(self, node, *argv):
        done = subprocess.run(["ip", "netns", "exec", namespace(node), *[str(word) for word in argv]],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise DemoError(f"{' '.join(map(str, argv))} in {node}: {done.stderr.strip()}")
        return done.stdout

    def listener(self, name, node, address, port):
        """Somebody else's program, who has the port."""
        program = f"import socket, time; s = socket.create_server(('{address}', {port})); time.sleep(600)"
        self.lab.start(name, [sys.executable, "-c", program], node)

    # Links.

    def link(self, line):
        self.lab.netlab(line)

    def heal_links(self):
        self.lab.netlab("heal")

    # Files.

    def edit(self, path, change):
        """Writes a changed text; the first one is kept."""
        text = self.kept.setdefault(path, path.read_text())
        path.write_text(change(text))

    def restore(self, path):
        path.write_text(self.kept.pop(path))

    def endpoints(self, region):
        return RUN / region / "endpoints.yaml"

    # The controller.

    def restart_controller(self):
        self.lab.stop("controller")
        self.lab.start_controller()
        self.lab.wait_for_controller()

    def configure(self, change):
        self.edit(RUN / "controller.yaml", change)
        self.restart_controller()

    def configure_as_before(self):
        self.restore(RUN / "controller.yaml")
        self.restart_controller()

    def store_disk(self):
        """The controller's state gets a disk of its own, before it first starts."""
        folder = RUN / "controller"
        folder.mkdir(mode=0o700, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={STORE_MB}m,mode=700", "tmpfs", str(folder)], check=True)

    def fill_store(self, left_mb):
        disk = os.statvfs(RUN / "controller")
        free = disk.f_bavail * disk.f_frsize
        with open(RUN / "controller" / "filler", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, free - (left_mb << 20))

    def empty_store(self):
        (RUN / "controller" / "filler").unlink()

    # Agents.

    def restart_agent(self, region):
        self.lab.stop(f"{region}-agent")
        self.lab.start_agent(region)

    def start_shifted_agent(self, region):
        library = RUN / "clock_shift.so"
        subprocess.run(["clang-19", "-shared", "-fPIC", "-O1", "-o", library, HERE / "clock_shift.c"], check=True)
        self.lab.stop(f"{region}-agent")
        self.lab.start(f"{region}-agent", ["env", f"LD_PRELOAD={library}", f"WEIR_CLOCK_SHIFT_S={CLOCK_SHIFT_S}",
                                           BIN / "weir-agent", "run", "--config", RUN / region / "agent.yaml"], region)

    def start_twin(self, region):
        """A copy of a region's agent, on another machine."""
        folder = RUN / "twin"
        shutil.copytree(RUN / region / "state", folder / "state")
        text = (RUN / region / "agent.yaml").read_text()
        for old, new in ((f"{RUN}/{region}/state", f"{folder}/state"), (INTERFACES[region], "wtwin"),
                         ("listen_port: 51820", "listen_port: 51999"),
                         (f"{agent_address(region)}:51820", f"{ELSEWHERE}:51999"),
                         ("gateway: {listen: 127.0.0.1}", "gateway: {listen: 127.0.0.7}"),
                         (":9190", ":9199")):
            text = text.replace(old, new)
        (folder / "agent.yaml").write_text(text)
        self.lab.start("twin", [BIN / "weir-agent", "run", "--config", folder / "agent.yaml"], "elsewhere")

    def end_twin(self):
        self.lab.stop("twin")
        shutil.rmtree(RUN / "twin")
        self.restart_controller()  # it forgets how often the two took over from each other

    def agent_disk(self, region):
        """The agent's state on a disk of its own that is full, and something new to keep on it."""
        self.lab.stop(f"{region}-agent")
        state, aside = RUN / region / "state", RUN / region / "aside"
        shutil.copytree(state, aside)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(state)], check=True)
        shutil.copytree(aside, state, dirs_exist_ok=True)
        self.lab.start_agent(region)
        self.wait_for_agents()
        with contextlib.suppress(OSError), open(state / "filler", "wb") as file:
            while True:
                file.write(bytes(4096))
                file.flush()
        self.lab.weirctl("weights", "pin", SERVICE, f"{US}=70,{EU}=30", "--from", US, "--yes")
        self.lab.weirctl("weights", "unpin", SERVICE, "--yes")

    def heal_agent_disk(self, region):
        self.lab.stop(f"{region}-agent")
        subprocess.run(["umount", str(RUN / region / "state")], check=True)
        shutil.rmtree(RUN / region / "aside")
        self.lab.start_agent(region)
        self.restart_controller()

    def wait_for_agents(self):
        self.lab.wait_for_mesh()

    def leave_disks(self, lab):
        """What was mounted goes, whatever the test ended with; the lab's folder can then be removed."""
        if not RUN.exists():
            return
        mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for folder in sorted((folder for folder in mounted if folder.startswith(f"{RUN}/")), reverse=True):
            subprocess.run(["umount", "-l", folder], check=False)

    # Servers.

    def spoil(self, region, percent):
        """Requests end in errors, the check's do not."""
        for server in SERVERS:
            self.edit(RUN / region / f"{server}.conf", lambda text: text.replace(
                "http {", f'http {{ split_clients "$request_id" $bad {{ {percent}% 1; * 0; }}').replace(
                    "location / {", "location / { if ($bad) { return 500; }"))
            self.lab.signal(f"{region}-{server}", signal.SIGHUP)

    def mend(self, region):
        for server in SERVERS:
            self.restore(RUN / region / f"{server}.conf")
            self.lab.signal(f"{region}-{server}", signal.SIGHUP)

    def flap(self, region, server):
        for _ in range(5):
            self.lab.signal(f"{region}-{server}", signal.SIGSTOP)
            time.sleep(1.6)
            self.lab.signal(f"{region}-{server}", signal.SIGCONT)
            time.sleep(1.2)

    def flap_path(self, one, other):
        for _ in range(4):
            self.link(f"cut {one} {other} both")
            time.sleep(1)
            self.heal_links()
            self.lab.wait_for_mesh(40)

    def web_certificate(self, days):
        folder = RUN / "web"
        folder.mkdir(exist_ok=True)
        key, request, certificate = (folder / name for name in ("key.pem", "csr.pem", "cert.pem"))

        def openssl(*words):
            subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=weir",
                "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-signkey", key, "-days", days, "-out", certificate)
        self.configure(lambda text: text.replace("web: {", f"web: {{certificate: {certificate}, key: {key}, "))

    # A machine before Weir runs on it.

    def small_disk(self, options):
        folder = RUN / "machine"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)

    def no_disk(self):
        subprocess.run(["umount", str(RUN / "machine")], check=True)
        (RUN / "machine").rmdir()

    def take_port(self):
        self.kept["port"] = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.kept["port"].bind(("::", 51820))

    def give_port(self):
        self.kept.pop("port").close()

    # Join tokens.

    def token_runs_out(self, region):
        made = self.lab.weirctl("mesh", "token", "create", "--region", region, "--cluster", "late", "--ttl", "1s")
        self.kept["token"] = made["token"]["id"]
        time.sleep(1.1)

    def forget_token(self):
        self.lab.weirctl_text("mesh", "token", "revoke", self.kept.pop("token"))
