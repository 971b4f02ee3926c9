#!/usr/bin/env python3
"""weir-wg with every WireGuard at hand: itself, Debian's wireguard-go of 2022 and that of bookworm-backports (2023).

Pairs of namespaces (drawn in tunnel_lab.py).

    rows      each other program as initiator and as responder, outer IPv4 and IPv6, with and without preshared key
    rekey     10,000 packets a second, first from the initiator, then to it, over a change of the session's keys: none is
              lost. The initiator is weir-wg, whose clocks are moved on by 120 and 166 s
    cookies   a responder under a flood of initiations asks for cookies, and a peer that brings one is let in

usage: matrix.py [rows] [rekey] [cookies]      (all)
"""

import base64
import contextlib
import hashlib
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
import backports  # noqa: E402
from tunnel_lab import (SOCKETS, WEIR_WG, WIREGUARD_GO, Failure, OwnClock, Pair, bulk, check,  # noqa: E402
                        clean_up_when_interrupted, in_parallel, inside, ping, run, wait_until)

RATE = 10000
BURST = 100
SECONDS = 2
AT_ONCE = 5  # pairs


def programs():
    known = {"weir": WEIR_WG, "go-2022": WIREGUARD_GO}
    try:
        known["go-2023"] = backports.program()
    except backports.Unavailable as problem:
        print(f"wireguard-go of bookworm-backports: left out: {problem}")
    return known


def check_row(pair, outer, psk):
    pair.configure(outer, run("wg", "genpsk").strip() if psk else None)
    ping(pair.left, "10.77.0.2", 2, wait=5)
    check(pair.left.last_handshake(pair.right) and pair.right.last_handshake(pair.left), "no handshake on both ends")
    ping(pair.right, "fd77::1", 2)
    bulk(pair.left, pair.right, "fd77::2", size=1 << 20)
    bulk(pair.right, pair.left, "10.77.0.1", size=1 << 20)


class Stream:
    """Numbered datagrams at RATE, and who of them arrives."""

    def __init__(self, sender, receiver, address):
        with inside(receiver.namespace):
            self._sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._sink.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
            self._sink.bind((address, 0))
        with inside(sender.namespace):
            self._source = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._source.connect(self._sink.getsockname())
        self.seen = set()
        self.twice = 0

    def run(self, at_half):
        """Sends for SECONDS, calls `at_half` in the middle, and returns how many were sent and how long it took."""
        self._sink.settimeout(3)
        reader = threading.Thread(target=self._read)
        reader.start()
        started = time.monotonic()
        total = RATE * SECONDS
        for number in range(total):
            if number % BURST == 0:
                time.sleep(max(0.0, started + number / RATE - time.monotonic()))
            if number == total // 2:
                at_half()
            self._source.send(struct.pack("!Q", number) + bytes(92))
        took = time.monotonic() - started
        reader.join()
        self._sink.close()
        self._source.close()
        return total, took

    def _read(self):
        with contextlib.suppress(socket.timeout):  # nothing came for a while: all has come that will
            while len(self.seen) < RATE * SECONDS:
                number, = struct.unpack_from("!Q", self._sink.recv(2048))
                self.twice += number in self.seen
                self.seen.add(number)


def check_rekey(pair, clock):
    pair.configure()
    for end in (pair.left, pair.right):
        end.ip("link", "set", end.interface, "txqueuelen", 10000)  # what the scheduler delays is not lost
    ping(pair.left, "10.77.0.2", 1)
    told = []
    now = 0
    for sender, receiver, address, age in ((pair.left, pair.right, "10.77.0.2", 121),
                                           (pair.right, pair.left, "10.77.0.1", 167)):
        before = pair.left.last_handshake(pair.right)
        now += age
        stream = Stream(sender, receiver, address)
        sent, took = stream.run(lambda: clock.set(now))
        lost = sent - len(stream.seen)
        check(pair.left.last_handshake(pair.right) >= before + age - 1, "no new session: this proves nothing")
        check(lost == 0 and stream.twice == 0, f"{lost} of {sent} lost, {stream.twice} came twice")
        told.append(f"0 of {sent} lost at {sent / took:.0f}/s")
    return ", ".join(told)


def flood(pair, under_load, stop):
    """Initiations by nobody, each with the proof that its sender knows right's public key, until it is asked for cookies; and
    then on."""
    key = hashlib.blake2s(b"mac1----" + base64.b64decode(pair.right.public_key)).digest()
    messages = []
    for _ in range(64):
        body = b"\x01\0\0\0" + os.urandom(112)
        messages.append(body + hashlib.blake2s(body, key=key, digest_size=16).digest() + bytes(16))
    with inside(pair.left.namespace):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sender:
        sender.connect(("172.29.0.2", 51820))
        while not stop.is_set():
            for message in messages:
                with contextlib.suppress(OSError):
                    sender.send(message)
            with contextlib.suppress(BlockingIOError):
                if sender.recv(2048, socket.MSG_DONTWAIT)[:1] == b"\x03":
                    under_load.set()


def check_cookies(pair, folder):
    capture = f"{folder}/{pair.prefix}.pcap"
    pair.configure()
    pair.capture("a", f"{pair.prefix}va", capture)
    port = int(pair.left.wg("show", "listen-port"))
    under_load, stop = threading.Event(), threading.Event()
    flooding = threading.Thread(target=flood, args=(pair, under_load, stop))
    flooding.start()
    try:
        check(under_load.wait(15), "the responder does not mind the flood")

        # The initiation, a cookie for it, and after the protocol's 5 s the next, with the cookie.
        def answered():
            with contextlib.suppress(Failure):
                ping(pair.left, "10.77.0.2", 1, wait=1)
                return True
            return False

        started = time.monotonic()
        wait_until(answered, "an answer from a responder under load", 40)
        took = time.monotonic() - started
    finally:
        stop.set()
        flooding.join()
    pair.stop_captures()
    cookies = subprocess.run(["tcpdump", "-n", "-r", capture, f"udp dst port {port} and udp[8:4] = 0x03000000"], text=True,
                             capture_output=True, check=False).stdout.splitlines()
    check(cookies, "the responder asked for no cookie: this proves nothing")
    return f"in after {took:.1f} s with {len(cookies)} cookies"


def rows(known):
    for name, program in known.items():
        for left, right in {(WEIR_WG, program), (program, WEIR_WG)}:
            for outer in ("v4", "v6"):
                for psk in (False, True):
                    words = [next(n for n, p in known.items() if p == one) for one in (left, right)]
                    yield (f"{words[0]} -> {words[1]}, {outer}, {'psk' if psk else 'no psk'}", left, right,
                           lambda pair, o=outer, k=psk: check_row(pair, o, k), [])


def rekeys(known, folder):
    for name, program in known.items():
        clock = OwnClock(f"{folder}/{name}.offset", monotonic=True)
        yield (f"rekey with {name}", WEIR_WG, program, lambda pair, c=clock: check_rekey(pair, c), clock.environment)


def cookies(known, folder):
    for name, program in known.items():
        for left, right in {(WEIR_WG, program), (program, WEIR_WG)}:
            words = [next(n for n, p in known.items() if p == one) for one in (left, right)]
            yield (f"cookies: {words[0]} at {words[1]}", left, right, lambda pair: check_cookies(pair, folder), [])


def main():
    clean_up_when_interrupted()
    os.makedirs(SOCKETS, exist_ok=True)
    chosen = sys.argv[1:] or ["rows", "rekey", "cookies"]
    known = programs()
    results = {}

    def in_own_pair(number, left, right, function, environment):
        pair = Pair(f"wx{number}", left, right)
        pair.left.environment = environment
        try:
            return function(pair.open()) or "ok"
        finally:
            pair.close()

    with tempfile.TemporaryDirectory(prefix="weir-matrix-") as folder:
        cases = []
        if "rows" in chosen:
            cases.append((AT_ONCE, list(rows(known))))
        if "rekey" in chosen and OwnClock.LIBRARY is None:
            print("rekey: left out: libfaketime is not installed")
        elif "rekey" in chosen:
            cases.append((1, list(rekeys(known, folder))))
        if "cookies" in chosen:
            cases.append((1, list(cookies(known, folder))))
        failures = {}
        for at_once, group in cases:
            for begin in range(0, len(group), at_once):
                tasks = {}
                for number, (name, *case) in enumerate(group[begin:begin + at_once]):
                    tasks[name] = lambda k=number, n=name, c=case: results.update({n: in_own_pair(k, *c)})
                failures.update(in_parallel(tasks))
                for name in tasks:
                    print(f"{name}: " + (f"FAILED: {failures[name]!r}" if name in failures else results[name]), flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
