#!/usr/bin/env python3
"""weir-wg moves the same bytes whatever the kernel and the devices below it can do.

    every pair of ends: with all offloads, without one or all of them, over a veth that cannot sum (EIO for UDP_SEGMENT),
    at MTUs from 1280 to 65535, with small socket buffers, on one core; TCP both ways, IPv4 and IPv6 inside and outside, and
    UDP with and without checksum
"""
import os
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tunnel_lab import (SOCKETS, WEIR_WG, Pair, bulk, check, clean_up_when_interrupted, in_parallel, inside, ping,  # noqa: E402
                        run)

SO_NO_CHECK = 11
DATAGRAMS = 400


class OffloadPair(Pair):
    """The two ends may be given different offloads."""

    def __init__(self, prefix, offloads):
        super().__init__(prefix, WEIR_WG, WEIR_WG)
        self.offloads = offloads

    def open(self):
        # A daemon inherits its environment; both are started here, one after the other, by this thread alone.
        self.left.start = lambda start=self.left.start: self._with(self.offloads[0], start)
        self.right.start = lambda start=self.right.start: self._with(self.offloads[1], start)
        return super().open()

    def _with(self, offloads, start):
        end = self.left if start.__self__ is self.left else self.right
        command = ["ip", "netns", "exec", end.namespace, "env", f"WEIR_WG_OFFLOADS={offloads}", WEIR_WG, end.interface]
        run(*command)
        end.pid = end._find_pid()  # pylint: disable=protected-access
        return end


def datagrams(sender, receiver, address, without_checksum):
    """Equal datagrams and a shorter last one, as fast as they go; every one that arrives is one that was sent, in order."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with inside(receiver.namespace):
        sink = socket.socket(family, socket.SOCK_DGRAM)
        sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUFFORCE if hasattr(socket, "SO_RCVBUFFORCE") else 33, 8 << 20)
        sink.bind((address, 0))
        sink.settimeout(2)
    with inside(sender.namespace):
        source = socket.socket(family, socket.SOCK_DGRAM)
        if without_checksum:
            source.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
        source.connect(sink.getsockname()[:2])
    with sink, source:
        seen = []
        for burst in range(DATAGRAMS // 20):
            for i in range(20):
                number = burst * 20 + i
                size = 300 if i == 19 else 1200
                source.send(number.to_bytes(4, "big") + bytes([number & 255]) * (size - 4))
            for _ in range(20):
                packet = sink.recv(4096)
                number = int.from_bytes(packet[:4], "big")
                check(packet[4:] == bytes([number & 255]) * (len(packet) - 4), f"datagram {number} is another")
                check(len(packet) == (300 if number % 20 == 19 else 1200), f"datagram {number} has {len(packet)} bytes")
                seen.append(number)
        check(seen == sorted(seen) and len(seen) == DATAGRAMS, f"{len(seen)} of {DATAGRAMS} datagrams, in order: "
              f"{seen == sorted(seen)}")


def everything(pair):
    for address in ("10.77.0.2", "fd77::2"):
        ping(pair.left, address, 2)
        bulk(pair.left, pair.right, address)
        bulk(pair.right, pair.left, address[:-1] + "1")
    datagrams(pair.left, pair.right, "10.77.0.2", False)
    datagrams(pair.left, pair.right, "10.77.0.2", True)  # as VXLAN sends them
    datagrams(pair.left, pair.right, "fd77::2", False)


def refused(pair):
    """The device below cannot sum: UDP_SEGMENT fails with EIO."""
    for side in "ab":
        run("ip", "netns", "exec", pair.names[side], "ethtool", "-K", f"{pair.prefix}v{side}", "tx", "off")
    everything(pair)


def mtus(pair):
    for mtu in (1280, 9000, 65535):
        for end in (pair.left, pair.right):
            end.ip("link", "set", end.interface, "mtu", mtu)
        for address in ("10.77.0.2", "fd77::2"):
            bulk(pair.left, pair.right, address)
            ping(pair.left, address, 1, size=min(mtu - 48, 60000))
        datagrams(pair.left, pair.right, "10.77.0.2", False)


def one_core(pair):
    for end in (pair.left, pair.right):
        run("taskset", "-a", "-p", "-c", "0", end.pid)
    everything(pair)


# name: offloads of both ends, outer address family, what to do
CASES = {
    "all": (("tun,tun-udp,udp-cut,udp-join",) * 2, "v4", everything),
    "all_v6": (("tun,tun-udp,udp-cut,udp-join",) * 2, "v6", everything),
    "none": (("none", "none"), "v4", everything),
    "none_to_all": (("none", "tun,tun-udp,udp-cut,udp-join"), "v4", everything),
    "no_tun": (("udp-cut,udp-join",) * 2, "v4", everything),
    "no_tun_udp": (("tun,udp-cut,udp-join",) * 2, "v6", everything),
    "no_cut": (("tun,tun-udp,udp-join",) * 2, "v4", everything),
    "no_join": (("tun,tun-udp,udp-cut",) * 2, "v4", everything),
    "refused": (("tun,tun-udp,udp-cut,udp-join",) * 2, "v4", refused),
    "refused_v6": (("tun,tun-udp,udp-cut,udp-join",) * 2, "v6", refused),
    "mtus": (("tun,tun-udp,udp-cut,udp-join",) * 2, "v4", mtus),
    "one_core": (("tun,tun-udp,udp-cut,udp-join",) * 2, "v4", one_core),
}


def main():
    clean_up_when_interrupted()
    os.makedirs(SOCKETS, exist_ok=True)
    chosen = {name: CASES[name] for name in sys.argv[1:]} or CASES

    def in_own_pair(number, offloads, outer, function):
        pair = OffloadPair(f"wo{number}", offloads)
        try:
            pair.open()
            pair.configure(outer=outer)
            function(pair)
        finally:
            pair.close()

    failures = in_parallel({name: lambda n=n, case=case: in_own_pair(n, *case)
                            for n, (name, case) in enumerate(chosen.items())})
    for name in chosen:
        print(f"{name}: " + (f"FAILED: {failures[name]!r}" if name in failures else "ok"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
