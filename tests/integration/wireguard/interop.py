#!/usr/bin/env python3
"""weir-wg against Debian's wireguard-go, both roles, over a rekey; and against itself.

Every row is a pair of namespaces of its own (drawn in tunnel_lab.py); all run at the same time, because
WireGuard renews a session's keys after 120 s and the point is to see traffic through that moment.

    left (initiates)    right (responds)    outer   preshared key
    weir-wg             wireguard-go        IPv4    no
    weir-wg             wireguard-go        IPv6    yes
    wireguard-go        weir-wg             IPv4    yes
    wireguard-go        weir-wg             IPv6    no
    weir-wg             weir-wg             IPv4    yes
    weir-wg             weir-wg             IPv6    no
"""

import os
import socket
import sys
import tempfile
import time

from tunnel_lab import (BULK, MARKER, WEIR_WG, WIREGUARD_GO, Failure, Pair, bulk, check,
                        clean_up_when_interrupted, in_parallel, inside, ping, receive_all, run,
                        wait_until)

REKEY_AFTER = 120  # seconds, the protocol's constant
ECHO_PERIOD = 0.02
LOST_MAX = 3  # echoes lost around the rekey, of 50 a second

ROWS = {
    "io1": (WEIR_WG, WIREGUARD_GO, "v4", False),
    "io2": (WEIR_WG, WIREGUARD_GO, "v6", True),
    "io3": (WIREGUARD_GO, WEIR_WG, "v4", True),
    "io4": (WIREGUARD_GO, WEIR_WG, "v6", False),
    "io5": (WEIR_WG, WEIR_WG, "v4", True),
    "io6": (WEIR_WG, WEIR_WG, "v6", False),
}


def describe(row):
    left, right, outer, psk = row
    return (f"{os.path.basename(left)} -> {os.path.basename(right)}, outer {outer}, "
            f"{'preshared key' if psk else 'no preshared key'}")


class Traffic:
    """Echoes 50 times a second over UDP and over one TCP connection, until told to end."""

    def __init__(self, pair):
        with inside(pair.right.namespace):
            self._echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._echo.bind(("10.77.0.2", 0))
            self._listener = socket.create_server(("10.77.0.2", 0))
        with inside(pair.left.namespace):
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._udp.connect(self._echo.getsockname())
            self._tcp = socket.create_connection(self._listener.getsockname(), timeout=10)
        self._accepted, _ = self._listener.accept()
        for one in (self._echo, self._udp):
            one.setblocking(False)
        self._accepted.settimeout(10)
        self.sent = self.answered = self.tcp_rounds = 0
        self.longest_gap = 0.0

    def close(self):
        for one in (self._echo, self._udp, self._tcp, self._listener, self._accepted):
            one.close()

    def run(self, until):
        last_answer = time.monotonic()
        while not until():
            self._udp.send(MARKER + str(self.sent).encode())
            self.sent += 1
            time.sleep(ECHO_PERIOD)
            self._answer()
            if self._collect():
                self.longest_gap = max(self.longest_gap, time.monotonic() - last_answer)
                last_answer = time.monotonic()
            if self.sent % 25 == 0:
                self._tcp_round()
        time.sleep(0.5)
        self._answer()
        time.sleep(0.5)
        self._collect()

    def _answer(self):
        while True:
            try:
                data, source = self._echo.recvfrom(2048)
            except BlockingIOError:
                return
            self._echo.sendto(data, source)

    def _collect(self):
        before = self.answered
        while True:
            try:
                self._udp.recv(2048)
                self.answered += 1
            except BlockingIOError:
                return self.answered > before

    def _tcp_round(self):
        message = MARKER + str(self.tcp_rounds).encode()
        self._tcp.sendall(message)
        check(receive_all(self._accepted, len(message)) == message, "TCP echo differs")
        self.tcp_rounds += 1


def run_row(name, row, folder, results):
    left, right, outer, psk = row
    pair = Pair(name, left, right)
    outside, within = f"{folder}/{name}-outer.pcap", f"{folder}/{name}-inner.pcap"
    try:
        pair.open()
        pair.capture("a", f"{name}va", outside)
        pair.configure(outer, run("wg", "genpsk").strip() if psk else None)
        pair.capture("b", f"{name}b", within)
        ping(pair.left, "10.77.0.2")
        ping(pair.left, "fd77::2")
        ping(pair.right, "10.77.0.1", size=1392)
        first = {end: end.last_handshake(other)
                 for end, other in ((pair.left, pair.right), (pair.right, pair.left))}
        check(all(first.values()), "ping went through without a handshake on both ends")
        bulk(pair.left, pair.right, "10.77.0.2")
        bulk(pair.right, pair.left, "fd77::1")

        traffic = Traffic(pair)
        after_rekey = []
        deadline = time.monotonic() + REKEY_AFTER + 15

        def finished():
            now = time.monotonic()
            if traffic.sent % 25 == 0 and not after_rekey:
                if (pair.left.last_handshake(pair.right) != first[pair.left]
                        and pair.right.last_handshake(pair.left) != first[pair.right]):
                    after_rekey.append(now)
            check(after_rekey or now < deadline, "no second handshake within 135 s")
            return after_rekey and now > after_rekey[0] + 3

        try:
            traffic.run(finished)
        finally:
            traffic.close()
        lost = traffic.sent - traffic.answered
        age = pair.left.last_handshake(pair.right) - first[pair.left]
        check(age >= REKEY_AFTER - 2, f"the second handshake came after {age} s, not after 120 s")
        check(lost <= LOST_MAX, f"{lost} of {traffic.sent} echoes lost over the rekey")
        pair.stop_captures()
        check_captures(outside, within)
        results[name] = (f"rekey after {age} s, {traffic.sent} echoes, {lost} lost, longest gap "
                         f"{traffic.longest_gap * 1000:.0f} ms, {traffic.tcp_rounds} TCP rounds")
    finally:
        pair.close()


def check_captures(outside, within):
    """The underlay never shows the marker; the interface inside does, so the search can find it."""
    with open(outside, "rb") as file:
        outer = file.read()
    with open(within, "rb") as file:
        inner = file.read()
    check(MARKER in inner, "the inner capture lacks the marker: the search proves nothing")
    check(len(outer) > 2 * len(BULK), "the underlay's capture misses packets")
    check(MARKER not in outer, "the marker crossed the underlay in plaintext")


def check_roaming(name, left, right):
    """Ports and addresses change under a session; the other end follows an authenticated packet."""
    pair = Pair(name, left, right)
    try:
        pair.open().configure(keepalive=0)
        ping(pair.left, "10.77.0.2")

        # The initiator's port changes: the responder learns it from one packet.
        pair.left.wg("set", "listen-port", 40001)
        ping(pair.left, "10.77.0.2", count=1)
        check(pair.right.show("endpoints", pair.left) == "172.29.0.1:40001",
              f"new port not learnt: {pair.right.show('endpoints', pair.left)}")

        # The responder's port changes; it speaks first.
        pair.right.wg("set", "listen-port", 40002)
        ping(pair.right, "10.77.0.1", count=1)
        check(pair.left.show("endpoints", pair.right) == "172.29.0.2:40002",
              f"new port not learnt: {pair.left.show('endpoints', pair.right)}")

        # The initiator's address disappears and another takes its place.
        run("ip", "-n", pair.names["a"], "addr", "add", "172.29.0.77/25", "dev", f"{name}va")
        run("ip", "-n", pair.names["a"], "addr", "del", "172.29.0.1/24", "dev", f"{name}va")
        ping(pair.left, "10.77.0.2", count=2)
        check(pair.right.show("endpoints", pair.left) == "172.29.0.77:40001",
              f"new address not learnt: {pair.right.show('endpoints', pair.left)}")
        ping(pair.right, "10.77.0.1", count=2)

        # IPv4 to IPv6, by configuration.
        pair.left.wg("set", "peer", pair.right.public_key, "endpoint", "[fd29::2]:40002")
        ping(pair.left, "10.77.0.2", count=2)
        check(pair.right.show("endpoints", pair.left) == "[fd29::1]:40001",
              f"IPv6 endpoint not learnt: {pair.right.show('endpoints', pair.left)}")
        handshakes = pair.left.last_handshake(pair.right)
        check(handshakes and time.time() - handshakes < 30, "roaming broke the session")
    finally:
        pair.close()


def check_crypto_routing(name, left, right):
    """A packet from a source that belongs to another peer is dropped, but moves the endpoint."""
    pair = Pair(name, left, right)
    try:
        pair.open().configure()
        ping(pair.left, "10.77.0.2")
        thief = run("wg", "pubkey", text=run("wg", "genkey")).strip()
        pair.right.wg("set", "peer", thief, "allowed-ips", "10.77.0.1/32")
        pair.left.wg("set", "listen-port", 40003)
        with inside(pair.left.namespace):
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with inside(pair.right.namespace):
            receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with sender, receiver:
            receiver.bind(("10.77.0.2", 0))
            receiver.settimeout(0.5)
            sender.sendto(MARKER, receiver.getsockname())
            wait_until(lambda: pair.right.show("endpoints", pair.left) == "172.29.0.1:40003",
                       "the endpoint follows an authentic packet whose inside is refused")
            try:
                receiver.recv(100)
                raise Failure("a packet came in under another peer's address")
            except socket.timeout:
                pass
    finally:
        pair.close()


def main():
    clean_up_when_interrupted()
    results = {}
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="weir-interop-") as folder:
        tasks = {name: lambda name=name, row=row: run_row(name, row, folder, results)
                 for name, row in ROWS.items()}
        tasks["ro1"] = lambda: check_roaming("ro1", WEIR_WG, WIREGUARD_GO)
        tasks["ro2"] = lambda: check_roaming("ro2", WEIR_WG, WEIR_WG)
        tasks["cr1"] = lambda: check_crypto_routing("cr1", WIREGUARD_GO, WEIR_WG)
        failures = in_parallel(tasks)
    names = dict(ROWS, ro1=None, ro2=None, cr1=None)
    for name, row in names.items():
        what = describe(row) if row else {"ro1": "roaming against wireguard-go",
                                          "ro2": "roaming against weir-wg",
                                          "cr1": "crypto routing"}[name]
        verdict = f"FAILED: {failures[name]}" if name in failures else results.get(name, "ok")
        print(f"{what}: {verdict}")
    print(f"{len(names) - len(failures)} of {len(names)} ok in {time.monotonic() - started:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
