#!/usr/bin/env python3
"""The clock of one end is set ten years ahead and back: handshakes work again within ten seconds, by themselves.

One pair of namespaces (drawn in tunnel_lab.py) per check, all at the same time. `left` runs under libfaketime, whose
offset lies in a file; every handshake is left's, as `right` knows no endpoint of its own.

    check_running       right: wireguard-go    the clock jumps while weir-wg runs
    check_restarted     right: wireguard-go    weir-wg ends while the clock is ahead and starts after it was set right
    check_other_end     right: weir-wg         the same, and left remembers nothing: the other end has to help
"""

import os
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from tunnel_lab import (SOCKETS, WEIR_WG, WIREGUARD_GO, Failure, OwnClock, Pair, check, clean_up_when_interrupted,  # noqa: E402
                        in_parallel, ping, wait_until)

SKIPPED = 77
WITHIN = 10  # seconds
TEN_YEARS = 3650 * 24 * 3600


class ClockPair(Pair):
    """`left` has a clock of its own, and remembers its timestamps if told to."""

    def __init__(self, prefix, right, folder, remembers):
        super().__init__(prefix, WEIR_WG, right)
        self.clock = OwnClock(f"{folder}/{prefix}.offset", monotonic=False)
        self.left.environment = list(self.clock.environment)
        if remembers:
            self.left.environment.append(f"WEIR_WG_TIMESTAMPS={folder}/{prefix}.timestamp")

    def restart(self):
        self.left.stop()
        self.left.start()
        self.configure_left()

    def clock_is_ahead(self):
        """By left's own word: when its last handshake was."""
        return self.left.last_handshake(self.right) > time.time() + TEN_YEARS / 2

    def recovers(self):
        started = time.monotonic()

        def answered():
            try:
                ping(self.left, "10.77.0.2", 1, wait=1)
            except Failure:
                return False
            return True

        wait_until(answered, "a ping after the clock was set back", WITHIN)
        check(0 < self.left.last_handshake(self.right) < time.time() + 60, "no handshake since the clock was set back")
        return time.monotonic() - started


def check_running(pair):
    pair.configure()
    ping(pair.left, "10.77.0.2", 1)
    for offset in (TEN_YEARS, 0, TEN_YEARS, 0):
        pair.clock.set(offset)
        # A peer that is taken away and given back needs a handshake.
        pair.left.wg("set", "peer", pair.right.public_key, "remove")
        pair.left.wg("set", "peer", pair.right.public_key, "endpoint", "172.29.0.2:51820", "allowed-ips", "10.77.0.2/32")
        if offset:
            ping(pair.left, "10.77.0.2", 1, wait=10)
            check(pair.clock_is_ahead(), "the clock was not set: this test proves nothing")
        else:
            took = pair.recovers()
    return took


def check_restarted(pair):
    pair.clock.set(TEN_YEARS)
    pair.configure()
    ping(pair.left, "10.77.0.2", 1)
    check(pair.clock_is_ahead(), "the clock was not set: this test proves nothing")
    pair.clock.set(0)
    pair.restart()
    return pair.recovers()


check_other_end = check_restarted

CHECKS = {"check_running": (check_running, WIREGUARD_GO, False),
          "check_restarted": (check_restarted, WIREGUARD_GO, True),
          "check_other_end": (check_other_end, WEIR_WG, False)}


def main():
    clean_up_when_interrupted()
    if OwnClock.LIBRARY is None:
        print("clock: SKIPPED: libfaketime is not installed")
        return SKIPPED
    os.makedirs(SOCKETS, exist_ok=True)
    took = {}
    with tempfile.TemporaryDirectory(prefix="weir-clock-") as folder:

        def in_own_pair(name, function, right, remembers):
            pair = ClockPair(f"wk{list(CHECKS).index(name)}", right, folder, remembers)
            try:
                took[name] = function(pair.open())
            finally:
                pair.close()

        failures = in_parallel({name: lambda n=name, c=case: in_own_pair(n, *c) for name, case in CHECKS.items()})
    for name in CHECKS:
        print(f"{name}: " + (f"FAILED: {failures[name]!r}" if name in failures else f"ok, after {took[name]:.2f} s"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
