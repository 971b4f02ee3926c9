#!/usr/bin/env python3
"""What the kernel's WireGuard promises, asked of weir-wg: docs/tunnel-faithfulness.md says which test asks what.

One pair of namespaces (drawn in tunnel_lab.py) per check, all at the same time; some add to it:

    check_nat               a -- router, SNAT, forgets UDP after 2 s -- b
    check_in_tunnel         a second tunnel whose packets travel through the first
    check_onion             a peer whose endpoint lies behind another peer of the same interface
    check_wg_quick          a's default route leads through the tunnel, and the tunnel's own packets past it

usage: faithful.py [CHECK...]      (all)
"""

import os
import socket
import sys
import tempfile

sys.dont_write_bytecode = True
from tunnel_lab import (SOCKETS, WEIR_WG, Failure, Pair, Tunnel, bulk, check, clean_up_when_interrupted,  # noqa: E402
                        in_parallel, inside, ping, run, wait_until)

LOW_ORDER = """AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuAA=
X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEVc=
7P///////////////////////////////////////38=
7f///////////////////////////////////////38=
7v///////////////////////////////////////38=""".split()


def transfer(tunnel, peer):
    """Bytes received and sent."""
    received, sent = tunnel.show("transfer", peer).split("\t")
    return int(received), int(sent)


def execute(tunnel, *command):
    return run("ip", "netns", "exec", tunnel.namespace, *command)


def flood(tunnel, address, count):
    execute(tunnel, "ping", "-q", "-f", "-c", count, "-W", 2, address)


def new_key():
    private = run("wg", "genkey").strip()
    return private, run("wg", "pubkey", text=private).strip()


def endpoint(tunnel, peer, wanted):
    seen = tunnel.show("endpoints", peer)
    check(seen == wanted, f"endpoint {seen}, not {wanted}")


# --- counting, padding, keys ---------------------------------------------------------------------------------------


def check_counts(pair):
    """Ten pings of 84 bytes: 10 x (96 + 32), an initiation of 148 bytes, a response of 92, at most one keepalive."""
    pair.configure()
    flood(pair.left, "10.77.0.2", 10)
    received, sent = transfer(pair.left, pair.right)
    check(received == 1372 and sent in (1428, 1460), f"the initiator counts {received} received, {sent} sent")
    check(transfer(pair.right, pair.left) == (sent, received), "the two ends count differently")
    check(pair.left.last_handshake(pair.right) and pair.right.last_handshake(pair.left), "no time of a handshake")


def check_padding(pair):
    """To a multiple of 16, never beyond the MTU, whatever the MTU: each size sends what it has to."""
    pair.configure()
    ping(pair.left, "10.77.0.2", 1)
    for mtu in (1300, 1299, 1290):
        for end in (pair.left, pair.right):
            end.ip("link", "set", end.interface, "mtu", mtu)
        for inner in (mtu, mtu - 1, 1280, 100):
            wanted = min((inner + 15) // 16 * 16, mtu) + 32

            def sent_as_wanted(inner=inner, wanted=wanted):  # the new MTU takes effect a moment after `ip link set`
                before = transfer(pair.left, pair.right)[1]
                ping(pair.left, "10.77.0.2", 1, size=inner - 28)
                return transfer(pair.left, pair.right)[1] - before == wanted

            wait_until(sent_as_wanted, f"{wanted} bytes for a packet of {inner} at MTU {mtu}")


def check_new_private_key(pair):
    """The packet after the change of a private key arrives: no timer has to pass."""
    pair.configure()
    left, right = pair.left, pair.right
    for _ in range(3):
        ping(left, "10.77.0.2", 1, wait=1)
        old = left.public_key
        left.private_key, left.public_key = new_key()
        left.wg("set", "private-key", "/dev/stdin", text=left.private_key)
        right.wg("set", "peer", left.public_key, "allowed-ips", "10.77.0.1/32,fd77::1/128", "peer", old, "remove")
        ping(left, "10.77.0.2", 1, wait=1)
        ping(right, "10.77.0.1", 1, wait=1)


def check_keys(pair):
    """No key, one's own key, unclamped keys."""
    tunnel = pair.left
    one, two = new_key(), new_key()
    psk = run("wg", "genpsk").strip()
    tunnel.wg("set", "private-key", "/dev/stdin", "peer", two[1], text=one[0])
    tunnel.wg("set", "peer", two[1], "preshared-key", "/dev/stdin", text=psk)
    check(tunnel.wg("show", "preshared-keys").split() == [two[1], psk], "the preshared key is not shown")
    tunnel.wg("set", "private-key", "/dev/null", "peer", two[1], "preshared-key", "/dev/null")
    check(tunnel.wg("show", "private-key").strip() == "(none)", "the private key is still there")
    check(tunnel.wg("show", "preshared-keys").split() == [two[1], "(none)"], "the preshared key is still there")

    tunnel.wg("set", "private-key", "/dev/stdin", text=two[0])  # becomes its own peer
    check(tunnel.wg("show", "public-key").strip() == two[1], "another public key")
    check(tunnel.wg("show", "peers") == "", "the private key's own peer stayed")
    tunnel.wg("set", "peer", two[1])
    check(tunnel.wg("show", "peers") == "", "the device became its own peer")
    tunnel.wg("set", "private-key", "/dev/stdin", text=one[0])
    tunnel.wg("set", "peer", two[1])
    check(tunnel.wg("show", "peers").split() == [two[1]], "the peer is still taken for the device itself")

    tunnel.wg("set", "private-key", "/dev/stdin", text="/" + one[0][1:])  # the low three bits of the first byte go
    check(tunnel.wg("show", "private-key").strip() == "+" + one[0][1:], "the private key was not clamped")


def check_allowed_ips(pair):
    """Prefixes within prefixes; 197 of one peer beside a peer without any."""
    tunnel = pair.left
    peer, other = new_key()[1], new_key()[1]

    def shown(key):
        return {k: set(v.split()) for k, _, v in
                (line.partition("\t") for line in tunnel.wg("show", "allowed-ips").splitlines())}[key]

    for prefixes in ("0.0.0.0/0,10.0.0.0/8,100.0.0.0/10,172.16.0.0/12,192.168.0.0/16", "0.0.0.0/0",
                     "::/0,1700::/111,5000::/4,e000::/37,9000::/75", "::/0"):
        tunnel.wg("set", "peer", peer, "allowed-ips", prefixes)
        check(shown(peer) == set(prefixes.split(",")), f"{shown(peer)}, not {prefixes}")
    many = [f"abcd::{number}" for number in range(1, 198)]
    tunnel.wg("set", "peer", other)
    tunnel.wg("set", "peer", peer, "allowed-ips", ",".join(many))
    check(shown(other) == {"(none)"} and len(shown(peer)) == 197, "197 allowed IPs beside none")


def check_low_order(pair):
    """Public keys with which every secret is the same never make a packet, though keepalives are asked for."""
    tunnel = pair.left
    with inside(tunnel.namespace):
        silent, spoken = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    with silent, spoken:
        for one in (silent, spoken):
            one.bind(("127.0.0.1", 0))
        spoken.settimeout(15)
        tunnel.wg("set", "private-key", "/dev/stdin", text=tunnel.private_key)
        for number, key in enumerate(LOW_ORDER):
            tunnel.wg("set", "peer", key, "persistent-keepalive", 1, "allowed-ips", f"10.78.0.{number}/32",
                      "endpoint", f"127.0.0.1:{silent.getsockname()[1]}")
        tunnel.wg("set", "peer", new_key()[1], "persistent-keepalive", 1, "endpoint",
                  f"127.0.0.1:{spoken.getsockname()[1]}")
        check(len(tunnel.wg("show", "peers").split()) == 8, "they are peers like others")
        tunnel.bring_up("10.77.0.1/24")
        tunnel.ip("route", "add", "10.78.0.0/24", "dev", tunnel.interface)
        for number in range(len(LOW_ORDER)):  # asked for by a packet as well
            with inside(tunnel.namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"X", (f"10.78.0.{number}", 9))
        for _ in range(2):  # what an ordinary key sends meanwhile: the initiation and, 5 s later, the next
            check(len(spoken.recv(2048)) == 148, "not an initiation")
        silent.setblocking(False)
        try:
            raise Failure(f"{len(silent.recv(2048))} bytes for a key of low order")
        except BlockingIOError:
            pass


# --- routes and addresses ------------------------------------------------------------------------------------------


def check_roaming_v6(pair):
    """Ports and IPv6 addresses change under a session, on both sides; then over to IPv4."""
    pair.configure(outer="v6")
    left, right = pair.left, pair.right
    ping(left, "10.77.0.2", 1)
    left.wg("set", "listen-port", 40001)
    ping(left, "fd77::2", 1)
    endpoint(right, left, "[fd29::1]:40001")
    right.wg("set", "listen-port", 40002)
    ping(right, "10.77.0.1", 1)
    endpoint(left, right, "[fd29::2]:40002")
    for namespace, device, old, new in (("a", "va", "fd29::1", "fd29::77"), ("b", "vb", "fd29::2", "fd29::78")):
        run("ip", "-n", pair.names[namespace], "addr", "add", f"{new}/64", "dev", pair.prefix + device, "nodad")
        run("ip", "-n", pair.names[namespace], "addr", "del", f"{old}/64", "dev", pair.prefix + device)
    left.wg("set", "peer", right.public_key, "endpoint", "[fd29::78]:40002")
    ping(left, "10.77.0.2", 1, wait=1)
    endpoint(right, left, "[fd29::77]:40001")
    left.wg("set", "peer", right.public_key, "endpoint", "172.29.0.2:40002")
    ping(left, "fd77::2", 1, wait=1)
    endpoint(right, left, "172.29.0.1:40001")


def check_address_elsewhere(pair):
    """Asked at an address of another interface than the packets come by, the answer comes from there."""
    pair.configure()
    for address, bits, gateway, asked in (("172.30.0.1", 32, "172.29.0.2", "172.30.0.1:51820"),
                                          ("fd30::1", 128, "fd29::2", "[fd30::1]:51820")):
        run("ip", "-n", pair.names["b"], "addr", "add", f"{address}/{bits}", "dev", "lo")
        run("ip", "-n", pair.names["a"], "route", "add", address, "via", gateway)
        execute(pair.left, "ping", "-q", "-c", 1, "-w", 10, address)  # a new link finds its neighbours only after a while
        pair.left.wg("set", "peer", pair.right.public_key, "endpoint", asked)
        ping(pair.left, "10.77.0.2", 1, wait=1)
        endpoint(pair.left, pair.right, asked)


def check_route_change(pair):
    """A better route over another interface takes over an ongoing conversation, source address and all."""
    pair.configure()
    left, right = pair.left, pair.right
    second = f"{pair.prefix}wa"
    run("ip", "link", "add", second, "netns", pair.names["a"], "type", "veth", "peer", "name", f"{pair.prefix}wb",
        "netns", pair.names["b"])
    for number, name in enumerate(pair.names.values(), start=1):
        device = f"{pair.prefix}w{name[-1]}"
        run("ip", "-n", name, "addr", "add", f"172.31.0.{number}/24", "dev", device)
        run("ip", "-n", name, "addr", "add", f"fd31::{number}/64", "dev", device, "nodad")
        run("ip", "-n", name, "link", "set", device, "up")
    port = left.wg("show", "listen-port").strip()
    for remote, old, gateway, new in (("172.29.0.2", "172.29.0.1", "172.31.0.2", "172.31.0.1"),
                                      ("fd29::2", "fd29::1", "fd31::2", "fd31::1")):

        def bracketed(address):
            return f"[{address}]" if ":" in address else address

        for neighbour in (remote, gateway):  # a new link finds its neighbours only after a while
            execute(left, "ping", "-q", "-c", 1, "-w", 10, neighbour)
        left.wg("set", "peer", right.public_key, "endpoint", f"{bracketed(remote)}:51820")
        ping(left, "10.77.0.2", 1, wait=1)
        for verb, source in (("add", new), ("del", old)):
            run("ip", "-n", pair.names["a"], "route", verb, remote, "via", gateway, "dev", second)
            ping(left, "10.77.0.2", 1, wait=1)
            endpoint(right, left, f"{bracketed(source)}:{port}")


def check_nat(pair):
    """A NAT that forgets after two seconds is kept open by keepalives of one second."""
    router = f"{pair.prefix}-r"
    run("ip", "netns", "add", router)
    try:
        for side, number in (("a", 1), ("b", 2)):
            run("ip", "link", "add", f"{pair.prefix}n{side}", "netns", pair.names[side], "type", "veth", "peer", "name",
                f"{pair.prefix}r{side}", "netns", router)
            for name, device, host in ((pair.names[side], f"{pair.prefix}n{side}", 2), (router, f"{pair.prefix}r{side}", 1)):
                run("ip", "-n", name, "addr", "add", f"172.30.{number}.{host}/24", "dev", device)
                run("ip", "-n", name, "link", "set", device, "up")
        run("ip", "-n", pair.names["a"], "route", "add", "172.30.2.0/24", "via", "172.30.1.1")
        inside_router = ("ip", "netns", "exec", router)
        run(*inside_router, "iptables", "-t", "nat", "-A", "POSTROUTING", "-s", "172.30.1.0/24", "-d", "172.30.2.0/24",
            "-j", "SNAT", "--to", "172.30.2.1")
        run(*inside_router, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.netfilter.nf_conntrack_udp_timeout=2",
            "net.netfilter.nf_conntrack_udp_timeout_stream=2")
        pair.configure()
        left, right = pair.left, pair.right
        left.wg("set", "peer", right.public_key, "endpoint", "172.30.2.2:51820", "persistent-keepalive", 1)
        ping(left, "10.77.0.2", 1)
        ping(right, "10.77.0.1", 1)
        endpoint(right, left, f"172.30.2.1:{left.wg('show', 'listen-port').strip()}")
        before = transfer(right, left)[0]
        wait_until(lambda: transfer(right, left)[0] >= before + 4 * 32, "four keepalives", 10, 0.2)
        ping(right, "10.77.0.1", 1, wait=1)
    finally:
        run("ip", "netns", "del", router)


def check_marks(pair):
    """Packets that are bound to the interface, and such that a changed mark routes anew."""
    pair.configure()
    left = pair.left
    execute(left, "ping", "-q", "-c", 1, "-W", 2, "-I", left.interface, "10.77.0.2")
    execute(left, "iptables", "-t", "mangle", "-I", "OUTPUT", "-j", "MARK", "--set-xmark", 1)
    ping(left, "10.77.0.2", 1)
    execute(left, "ping", "-q", "-c", 1, "-W", 2, "-I", left.interface, "10.77.0.2")


def check_wg_quick(pair):
    """wg-quick with weir-wg as its program: the default route of IPv4 and IPv6 leads through the tunnel."""
    if os.path.exists("/sys/module/wireguard"):
        print("check_wg_quick: left out: wg-quick asks for no program where the kernel has WireGuard")
        return
    right, interface = pair.right, f"{pair.prefix}q"
    for address in ("172.30.0.1/32", "fd30::1/128"):  # reached by the default routes alone
        run("ip", "-n", pair.names["b"], "addr", "add", address, "dev", "lo")
    run("ip", "-n", pair.names["a"], "route", "add", "default", "via", "172.29.0.2")
    run("ip", "-n", pair.names["a"], "-6", "route", "add", "default", "via", "fd29::2")
    pair.left.stop()
    pair.left = Tunnel(pair.names["a"], interface, WEIR_WG)
    right.wg("setconf", "/dev/stdin", text=(
        f"[Interface]\nPrivateKey = {right.private_key}\nListenPort = 51820\n"
        f"[Peer]\nPublicKey = {pair.left.public_key}\nAllowedIPs = 10.77.0.1/32, fd77::1/128\n"))
    right.bring_up("10.77.0.2/24", "fd77::2/64", "192.0.2.7/32", "2001:db8::7/128")
    with tempfile.TemporaryDirectory() as folder:
        for outer in ("172.30.0.1", "[fd30::1]"):
            file = f"{folder}/{interface}.conf"
            with open(file, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
                out.write(f"[Interface]\nPrivateKey = {pair.left.private_key}\nAddress = 10.77.0.1/24, fd77::1/64\n"
                          f"[Peer]\nPublicKey = {right.public_key}\nEndpoint = {outer}:51820\n"
                          f"AllowedIPs = 0.0.0.0/0, ::/0\n")
            execute(pair.left, "env", f"WG_QUICK_USERSPACE_IMPLEMENTATION={os.path.abspath(WEIR_WG)}", "wg-quick", "up", file)
            pair.left.pid = pair.left._find_pid()  # pylint: disable=protected-access
            check(int(pair.left.wg("show", "fwmark"), 0) != 0, "wg-quick set no mark")
            for address in ("192.0.2.7", "2001:db8::7"):
                flood(pair.left, address, 100)
            endpoint(pair.left, right, f"{outer}:51820")
            execute(pair.left, "wg-quick", "down", file)
            wait_until(pair.left.has_ended, "the end after wg-quick down", 2)


# --- tunnels in tunnels ----------------------------------------------------------------------------------------------


def check_in_tunnel(pair):
    """A tunnel through the tunnel."""
    pair.configure()
    inner = [Tunnel(pair.names[side], f"{pair.prefix}{side}i", WEIR_WG) for side in "ab"]
    try:
        for number, one in enumerate(inner, start=1):
            one.start()
            other = inner[2 - number]
            one.wg("set", "private-key", "/dev/stdin", "listen-port", 5005, "peer", other.public_key, "allowed-ips",
                   f"10.78.0.{3 - number}/32,fd78::{3 - number}/128", "endpoint", f"10.77.0.{3 - number}:5005",
                   text=one.private_key)
            one.bring_up(f"10.78.0.{number}/24", f"fd78::{number}/64", mtu=1340)
        for address in ("10.78.0.2", "fd78::2"):
            ping(inner[0], address, 2)
            bulk(inner[0], inner[1], address)
    finally:
        for one in inner:
            one.stop()


def check_onion(pair):
    """A peer behind another peer of the same interface; then one that could only be reached through itself."""
    pair.configure()
    left = pair.left
    third = Tunnel(pair.names["b"], f"{pair.prefix}o", WEIR_WG)
    try:
        third.start()
        third.wg("set", "private-key", "/dev/stdin", "listen-port", 5005, "peer", left.public_key, "allowed-ips",
                 "10.79.0.1/32", text=third.private_key)
        third.bring_up("10.79.0.2/24")
        left.ip("addr", "add", "10.79.0.1/24", "dev", left.interface)
        left.wg("set", "peer", third.public_key, "allowed-ips", "10.79.0.2/32", "endpoint", "10.77.0.2:5005")
        ping(left, "10.79.0.2", 1)
        left.wg("set", "peer", third.public_key, "endpoint", "10.79.0.2:5005")
        before = transfer(left, third)[1]
        try:
            ping(left, "10.79.0.2", 1, wait=1)
            raise Failure("an answer out of a loop")
        except Failure as silence:
            check("answer" not in str(silence), str(silence))
        looped = transfer(left, third)[1] - before
        check(looped < 70000, f"{looped} bytes for a ping into a loop")
        ping(left, "10.77.0.2", 1)
    finally:
        third.stop()


# --- load, ends ------------------------------------------------------------------------------------------------------


def check_parallel(pair):
    """4, 5 and 50 TCP connections at once."""
    pair.configure()
    for count in (4, 5, 50):
        failures = in_parallel({number: lambda: bulk(pair.left, pair.right, "10.77.0.2", size=1 << 20)
                                for number in range(count)})
        for problem in failures.values():
            raise problem


def check_namespace_goes(pair):
    """The interface lies in a namespace that is deleted: the program ends and leaves no socket."""
    away = f"{pair.prefix}-away"
    run("ip", "netns", "add", away)
    pair.left.ip("link", "set", pair.left.interface, "netns", away)
    run("ip", "netns", "del", away)
    wait_until(pair.left.has_ended, "the end after the namespace's")


CHECKS = [check_counts, check_padding, check_new_private_key, check_keys, check_allowed_ips, check_low_order,
          check_roaming_v6, check_address_elsewhere, check_route_change, check_nat, check_marks, check_wg_quick,
          check_in_tunnel, check_onion, check_parallel, check_namespace_goes]


def main():
    clean_up_when_interrupted()
    os.makedirs(SOCKETS, exist_ok=True)
    chosen = [one for one in CHECKS if one.__name__ in sys.argv[1:]] or CHECKS

    def in_own_pair(number, function):
        pair = Pair(f"wf{number}", WEIR_WG, WEIR_WG)
        try:
            function(pair.open())
        finally:
            pair.close()

    failures = in_parallel({one.__name__: lambda n=n, f=one: in_own_pair(n, f) for n, one in enumerate(chosen)})
    for one in chosen:
        print(f"{one.__name__}: " + (f"FAILED: {failures[one.__name__]!r}" if one.__name__ in failures else "ok"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
