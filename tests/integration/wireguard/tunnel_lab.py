"""Pairs of network namespaces with a WireGuard tunnel between them, for tests with real processes.

    namespace PREFIX-a                                   namespace PREFIX-b
    +----------------------------+   veth, MTU 1500   +----------------------------+
    | PREFIXa  (TUN) 10.77.0.1   |                    | PREFIXb  (TUN) 10.77.0.2   |
    |   :                        | PREFIXva  PREFIXvb |                        :   |
    | weir-wg or wireguard-go  UDP ================= UDP  weir-wg or wireguard-go |
    +----------------------------+   172.29.0.1 / .2  +----------------------------+
                                     fd29::1 / ::2

Needs root, iproute2, wireguard-tools, tcpdump. Everything made carries the prefix and goes with `close`.
"""

import contextlib
import ctypes
import glob
import hashlib
import os
import signal
import socket
import subprocess
import threading
import time

SOCKETS = "/var/run/wireguard"
WEIR_WG = os.path.join(os.environ.get("WEIR_BIN", "build/release/bin"), "weir-wg")
WIREGUARD_GO = "wireguard-go"
MARKER = b"weir-plaintext-marker:"
BULK = MARKER * (4 * 1024 * 1024 // len(MARKER))
_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000


_open_pairs = []  # what an interrupted test has to take away


def clean_up_when_interrupted():
    """On SIGINT and SIGTERM takes every pair away and ends; call it first, on the main thread."""

    def clean_up(number, _frame):
        for pair in list(_open_pairs):
            pair.close()
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, clean_up)


class Failure(Exception):
    """A check that did not hold; the message says what was expected and what was seen."""


def check(held, message):
    if not held:
        raise Failure(message)


def run(*command, text=None, timeout=20):
    """Runs a command and returns its output; its complaint becomes a Failure."""
    done = subprocess.run([str(part) for part in command], input=text, text=True, timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    check(done.returncode == 0, f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


def wait_until(seen, what, seconds=5.0, pause=0.02):
    """Returns the first true result of `seen`, or fails naming `what`."""
    deadline = time.monotonic() + seconds
    while True:
        result = seen()
        if result:
            return result
        check(time.monotonic() < deadline, f"not within {seconds} s: {what}")
        time.sleep(pause)


@contextlib.contextmanager
def inside(namespace):
    """This thread is in the namespace; sockets opened meanwhile belong to it for ever."""
    with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{namespace}") as there:
        if _libc.setns(there.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"enter namespace {namespace}")
        try:
            yield
        finally:
            _libc.setns(home.fileno(), _CLONE_NEWNET)


class OwnClock:
    """A clock for one process, by libfaketime: its offset in seconds lies in a file."""

    LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), None)

    def __init__(self, path, monotonic):
        self._path = path
        self.set(0)
        self.environment = [f"LD_PRELOAD={self.LIBRARY}", f"FAKETIME_TIMESTAMP_FILE={path}", "FAKETIME_NO_CACHE=1",
                            f"FAKETIME_DONT_FAKE_MONOTONIC={0 if monotonic else 1}"]

    def set(self, offset):
        with open(self._path + ".new", "w") as file:
            file.write(f"{offset:+d}")
        os.replace(self._path + ".new", self._path)


def is_alive(pid):
    """A zombie that nobody has collected yet counts as dead."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Tunnel:
    """One end: a daemon, its interface and its keys."""

    def __init__(self, namespace, interface, program):
        self.namespace = namespace
        self.interface = interface
        self.program = program
        self.environment = []  # NAME=VALUE, for weir-wg
        self.private_key = run("wg", "genkey").strip()
        self.public_key = run("wg", "pubkey", text=self.private_key).strip()
        self.socket_path = f"{SOCKETS}/{interface}.sock"
        self.process = None
        self.pid = None

    def start(self):
        if self.program == WEIR_WG:
            # Usable the moment the command returns: nothing here waits.
            run("ip", "netns", "exec", self.namespace, "env", *self.environment, WEIR_WG, self.interface)
        else:
            self._start_wireguard_go()
        self.pid = self._find_pid()
        return self

    def _start_wireguard_go(self):
        # In the foreground: its background mode opens the interface twice and can lose it.
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", self.namespace, self.program, "-f", self.interface],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=dict(os.environ, LOG_LEVEL="silent"))
        wait_until(lambda: self.answers(), f"{self.program} on {self.interface}")

    def _find_pid(self):
        """By who listens on the UAPI socket: the daemon is not our child."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(self.socket_path)
            credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int.from_bytes(credentials[:4], "little")

    def answers(self):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(self.socket_path)
            return True
        return False

    def ip(self, *arguments):
        return run("ip", "-n", self.namespace, *arguments)

    def wg(self, command, *arguments, text=None):
        return run("wg", command, self.interface, *arguments, text=text)

    def bring_up(self, *addresses, mtu=1420):
        for address in addresses:
            options = ["nodad"] if ":" in address else []
            self.ip("addr", "add", address, "dev", self.interface, *options)
        self.ip("link", "set", self.interface, "mtu", mtu, "up")

    def show(self, field, peer):
        """One field of `wg show` for one peer, as text; empty when the peer is not there."""
        for line in self.wg("show", field).splitlines():
            key, _, value = line.partition("\t")
            if key == peer.public_key:
                return value
        return ""

    def last_handshake(self, peer):
        return int(self.show("latest-handshakes", peer) or 0)

    def has_ended(self):
        return not is_alive(self.pid) and not os.path.exists(self.socket_path)

    def stop(self):
        with contextlib.suppress(Failure, subprocess.TimeoutExpired):
            self.ip("link", "del", self.interface)
        if self.process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
            self.process.kill()
            self.process.wait()
        if self.pid and is_alive(self.pid):
            with contextlib.suppress(Failure):
                wait_until(self.has_ended, "the daemon's end", 2)
                return
            os.kill(self.pid, 9)


class Pair:
    """Two namespaces joined by a veth pair, a daemon in each; see the drawing above."""

    def __init__(self, prefix, left_program, right_program):
        self.prefix = prefix
        self.names = {side: f"{prefix}-{side}" for side in "ab"}
        self.left = Tunnel(self.names["a"], f"{prefix}a", left_program)
        self.right = Tunnel(self.names["b"], f"{prefix}b", right_program)
        self._captures = []

    def open(self):
        _open_pairs.append(self)
        for name in self.names.values():
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "link", "add", f"{self.prefix}va", "netns", self.names["a"], "type", "veth",
            "peer", "name", f"{self.prefix}vb", "netns", self.names["b"])
        for number, side in enumerate("ab", start=1):
            device = f"{self.prefix}v{side}"
            name = self.names[side]
            run("ip", "-n", name, "addr", "add", f"172.29.0.{number}/24", "dev", device)
            run("ip", "-n", name, "addr", "add", f"fd29::{number}/64", "dev", device, "nodad")
            run("ip", "-n", name, "link", "set", device, "up")
        self.left.start()
        self.right.start()
        return self

    def configure(self, outer="v4", preshared_key=None, keepalive=0):
        """`left` knows where `right` is; `right` has to learn it: `left` starts every handshake."""
        psk = f"PresharedKey = {preshared_key}\n" if preshared_key else ""
        self.right.wg("setconf", "/dev/stdin", text=(
            f"[Interface]\nPrivateKey = {self.right.private_key}\nListenPort = 51820\n"
            f"[Peer]\nPublicKey = {self.left.public_key}\n{psk}"
            f"AllowedIPs = 10.77.0.1/32, fd77::1/128\n"))
        self.right.bring_up("10.77.0.2/24", "fd77::2/64")
        self.configure_left(outer, preshared_key, keepalive)
        return self

    def configure_left(self, outer="v4", preshared_key=None, keepalive=0):
        psk = f"PresharedKey = {preshared_key}\n" if preshared_key else ""
        address = "172.29.0.2" if outer == "v4" else "[fd29::2]"
        self.left.wg("setconf", "/dev/stdin", text=(
            f"[Interface]\nPrivateKey = {self.left.private_key}\n"
            f"[Peer]\nPublicKey = {self.right.public_key}\n{psk}Endpoint = {address}:51820\n"
            f"AllowedIPs = 10.77.0.2/32, fd77::2/128\nPersistentKeepalive = {keepalive}\n"))
        self.left.bring_up("10.77.0.1/24", "fd77::1/64")

    def capture(self, side, device, path):
        """tcpdump on one device, whole packets, until `stop_captures`."""
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.names[side], "tcpdump", "-U", "-B", "32768", "-s", "0", "-w", path, "-i",
             device, "-Z", "root"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        os.set_blocking(process.stderr.fileno(), False)
        wait_until(lambda: b"listening" in (process.stderr.read() or b""), "tcpdump", 10)
        self._captures.append(process)

    def stop_captures(self):
        for process in self._captures:
            process.terminate()
            process.wait(10)
            process.stderr.close()
        self._captures.clear()

    def close(self):
        self.stop_captures()
        for tunnel in (self.left, self.right):
            tunnel.stop()
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL, check=False)
        if self in _open_pairs:
            _open_pairs.remove(self)


def ping(tunnel, address, count=3, size=56, wait=2):
    run("ip", "netns", "exec", tunnel.namespace, "ping", "-q", "-c", count, "-i", "0.05", "-s", size,
        "-W", wait, "-M", "dont", address, timeout=30)


def in_parallel(tasks):
    """Runs named functions at the same time; returns {name: exception} of those that failed."""
    failures = {}

    def guarded(name, task):
        try:
            task()
        except Exception as problem:  # every kind is the test's result  pylint: disable=broad-except
            failures[name] = problem

    threads = [threading.Thread(target=guarded, args=item) for item in tasks.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():  # a join without limit would keep signals out
            thread.join(0.5)
    return failures


def receive_all(connection, size):
    received = bytearray()
    while len(received) < size:
        piece = connection.recv(1 << 16)
        check(piece, f"TCP closed after {len(received)} of {size} bytes")
        received += piece
    return bytes(received)


def bulk(sender, receiver, address, size=len(BULK)):
    """One TCP connection through the tunnel; what arrives is what was sent."""
    data = BULK[:size]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with inside(receiver.namespace):
        listener = socket.create_server((address, 0), family=family)
    with inside(sender.namespace):
        connection = socket.create_connection(listener.getsockname()[:2], timeout=20)
    with listener, connection:
        accepted, _ = listener.accept()
        with accepted:
            accepted.settimeout(20)
            outcome = {}

            def take():
                outcome["digest"] = hashlib.sha256(receive_all(accepted, size)).digest()

            failures = in_parallel({"send": lambda: connection.sendall(data), "receive": take})
    for problem in failures.values():
        raise problem
    check(outcome["digest"] == hashlib.sha256(data).digest(), "TCP delivered other bytes")
