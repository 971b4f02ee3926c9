#!/usr/bin/env python3
"""weir-wg as a program: what Debian's wg, ip and a hostile client of its socket see.

One pair of namespaces (drawn in tunnel_lab.py) per check, all at the same time:

    wg(8) --- /var/run/wireguard/wwNa.sock --- weir-wg --- TUN wwNa   (namespace wwN-a)
                      ^ a client that sends nonsense, or never reads
"""

import base64
import os
import signal
import socket
import stat
import subprocess
import sys
import time

from tunnel_lab import (SOCKETS, WEIR_WG, Failure, Pair, Tunnel, bulk, check,
                        clean_up_when_interrupted, in_parallel, inside, is_alive, ping, run,
                        wait_until)

BULK_PREFIXES = 130560
BULK_PEERS = 1000


def keys(count):
    return [run("wg", "pubkey", text=run("wg", "genkey")).strip() for _ in range(count)]


def sections(text):
    """A `wg showconf` as comparable data, whatever the order of its peers and allowed IPs."""
    found = []
    for line in text.splitlines():
        if line.startswith("["):
            found.append([line])
        elif line.strip():
            name, _, value = line.partition(" = ")
            found[-1].append((name, frozenset(value.split(", "))))
    return sorted(sorted(map(str, section)) for section in found)


def speak(tunnel, text, answer_end=b"\n\n"):
    """One raw exchange on the UAPI socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(tunnel.socket_path)
        client.sendall(text)
        answer = b""
        while not answer.endswith(answer_end):
            piece = client.recv(65536)
            if not piece:
                break
            answer += piece
        return answer.decode()


def check_configuration(pair):
    """setconf, showconf, set, syncconf and show agree with one another."""
    tunnel = pair.left
    one, two, three = keys(3)
    psk = run("wg", "genpsk").strip()
    text = (f"[Interface]\nListenPort = 40100\nFwMark = 0x2a\nPrivateKey = {tunnel.private_key}\n"
            f"[Peer]\nPublicKey = {one}\nPresharedKey = {psk}\nAllowedIPs = 10.1.0.0/16, fd01::/64\n"
            f"Endpoint = 192.0.2.1:1000\nPersistentKeepalive = 25\n"
            f"[Peer]\nPublicKey = {two}\nAllowedIPs = 10.2.0.0/16\nEndpoint = [2001:db8::1]:2000\n")
    tunnel.wg("setconf", "/dev/stdin", text=text)
    shown = tunnel.wg("showconf")
    check(sections(shown) == sections(text),
          f"showconf differs from setconf:\n{shown}")
    check(run("wg", "show", tunnel.interface, "public-key").strip() == tunnel.public_key,
          "the public key is not the private key's")

    # A set names one peer and leaves the other alone; a prefix has one owner.
    tunnel.wg("set", "peer", two, "allowed-ips", "10.1.0.0/16,10.2.0.0/16", "preshared-key",
              "/dev/stdin", text=psk)
    owners = dict(line.split("\t") for line in tunnel.wg("show", "allowed-ips").splitlines())
    check(owners == {one: "fd01::/64", two: "10.1.0.0/16 10.2.0.0/16"}, f"owners: {owners}")
    tunnel.wg("set", "peer", one, "remove")
    check(tunnel.wg("show", "peers").split() == [two], "the removed peer is still there")

    # syncconf makes the device what the file says and keeps what did not change.
    wanted = (f"[Interface]\nListenPort = 40101\nPrivateKey = {tunnel.private_key}\n"
              f"[Peer]\nPublicKey = {two}\nAllowedIPs = 10.3.0.0/16\nEndpoint = 192.0.2.3:3\n"
              f"[Peer]\nPublicKey = {three}\nAllowedIPs = 10.4.0.0/16\nPersistentKeepalive = 9\n")
    tunnel.wg("syncconf", "/dev/stdin", text=wanted)
    shown = tunnel.wg("showconf")
    # What the file does not name, syncconf leaves: the mark, and the kept peer's preshared key.
    left = (f"PresharedKey = {psk}\n", "FwMark = 0x2a\n")
    for line in left:
        shown = shown.replace(line, "")
    check(sections(shown) == sections(wanted), f"showconf after syncconf:\n{shown}")

    tunnel.wg("set", "private-key", "/dev/null", "fwmark", "0")
    check(tunnel.wg("show", "private-key").strip() == "(none)", "the private key is still there")
    check(tunnel.wg("show", "fwmark").strip() == "off", "the mark is still there")
    port = int(tunnel.wg("show", "listen-port"))
    tunnel.wg("set", "listen-port", "0")
    check(int(tunnel.wg("show", "listen-port")) not in (0, port), "no new port for listen-port 0")
    in_use = subprocess.run(["wg", "show", "weir-none"], capture_output=True, check=False)
    check(in_use.returncode != 0, "wg shows an interface that does not exist")


def check_own_key_as_peer(pair):
    """A device is never its own peer, whichever is set first."""
    tunnel = pair.left
    tunnel.wg("set", "peer", tunnel.public_key, "allowed-ips", "10.0.0.0/8")
    tunnel.wg("set", "private-key", "/dev/stdin", text=tunnel.private_key)
    check(tunnel.wg("show", "peers") == "", "the private key's own peer stayed")
    tunnel.wg("set", "peer", tunnel.public_key, "allowed-ips", "10.0.0.0/8")
    check(tunnel.wg("show", "peers") == "", "the device became its own peer")


def check_port_taken(pair):
    """A port that is taken is refused and the old one keeps working."""
    pair.configure()
    with inside(pair.left.namespace):
        holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with holder:
        holder.bind(("0.0.0.0", 40200))
        try:
            pair.left.wg("set", "listen-port", "40200")
            raise Failure("a taken port was accepted")
        except Failure as refused:
            check("in use" in str(refused), str(refused))
    ping(pair.left, "10.77.0.2")


def check_bulk(pair):
    """As many allowed IPs as wireguard's own test sends, and 1000 peers."""
    tunnel = pair.left
    peer = keys(1)[0]
    prefixes = ",".join(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}/32" for i in range(BULK_PREFIXES))
    text = f"[Peer]\nPublicKey = {peer}\nAllowedIPs = {prefixes}\n"
    started = time.monotonic()
    tunnel.wg("setconf", "/dev/stdin", text=text)
    set_seconds = time.monotonic() - started
    started = time.monotonic()
    shown = tunnel.wg("show", "allowed-ips")
    show_seconds = time.monotonic() - started
    check(shown.count("/32") == BULK_PREFIXES, f"{shown.count('/32')} prefixes shown")
    tunnel.wg("setconf", "/dev/stdin", text="[Interface]\n")
    check(tunnel.wg("show", "peers") == "", "an empty setconf left a peer")
    print(f"{BULK_PREFIXES} allowed IPs: setconf {set_seconds:.2f} s, show {show_seconds:.2f} s")

    # Any 32 bytes are a public key to the tunnel; a thousand runs of `wg pubkey` would take a minute.
    peers = {base64.b64encode(os.urandom(32)).decode(): f"10.{n >> 8}.{n & 255}.0/24"
             for n in range(BULK_PEERS)}
    text = "".join(f"[Peer]\nPublicKey = {key}\nAllowedIPs = {prefix}\nEndpoint = 192.0.2.1:{n + 1}\n"
                   for n, (key, prefix) in enumerate(peers.items()))
    started = time.monotonic()
    tunnel.wg("setconf", "/dev/stdin", text=text)
    shown = dict(line.split("\t") for line in tunnel.wg("show", "allowed-ips").splitlines())
    check(shown == peers, f"{len(shown)} peers shown, or other prefixes")
    print(f"{BULK_PEERS} peers: setconf and show {time.monotonic() - started:.2f} s")
    tunnel.wg("setconf", "/dev/stdin", text="[Interface]\n")
    check(tunnel.wg("show", "peers") == "", "an empty setconf left a peer")


def check_hostile_clients(pair):
    """Nonsense is answered or cut off; stuck clients hold up neither wg nor packets."""
    pair.configure()
    tunnel = pair.left
    several = speak(tunnel, b"get=1\n\nset=1\nfwmark=7\n\nset=1\nfwmark=0\n\n",
                    b"errno=0\n\n" * 3)
    check(several.count("errno=0\n\n") == 3, f"several operations: {several[-60:]!r}")
    bad = speak(tunnel, b"set=1\nlisten_port=40300\nlisten_port=70000\n\n")
    check(bad == "errno=-22\n\n", f"a bad line: {bad!r}")
    check(tunnel.wg("show", "listen-port").strip() != "40300", "half of a refused set took effect")
    check(speak(tunnel, b"hello\n") == "errno=-22\n\n", "nonsense")
    check(speak(tunnel, b"x" * 5000) == "errno=-22\n\n", "a line without end")

    before = tunnel.wg("showconf")
    stuck = []
    try:
        for number in range(60):  # more than the server holds: the longest idle make way
            client = socket.socket(socket.AF_UNIX)
            client.connect(tunnel.socket_path)
            client.setblocking(False)
            stuck.append(client)
            try:
                # Half a set; or requests whose answers are never read.
                client.send(b"set=1\nlisten_port=1" if number % 2 else b"get=1\n\n" * 20000)
            except (BlockingIOError, BrokenPipeError):
                pass
        started = time.monotonic()
        ping(tunnel, "10.77.0.2", count=20)
        check(tunnel.wg("showconf") == before, "stuck clients changed the device")
        check(time.monotonic() - started < 5, "stuck clients held up wg or the packets")
    finally:
        for client in stuck:
            client.close()


def check_socket_file(pair):
    """0600; replaced when stale; its removal ends the program."""
    tunnel = pair.left
    mode = stat.S_IMODE(os.stat(tunnel.socket_path).st_mode)
    check(mode == 0o600, f"socket mode {mode:o}")
    os.kill(tunnel.pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(tunnel.pid), "the killed daemon's end")
    check(os.path.exists(tunnel.socket_path), "a killed daemon cannot remove its socket")
    tunnel.start()
    tunnel.wg("show")
    os.unlink(tunnel.socket_path)
    wait_until(tunnel.has_ended, "the end after the socket's removal", 2)
    check(tunnel.interface not in tunnel.ip("link"), "the interface outlived its daemon")


def check_ends(pair):
    """It ends when its interface goes and when told, and a second one can start at once."""
    tunnel = pair.left
    for _ in range(10):
        tunnel.ip("link", "del", tunnel.interface)
        tunnel.start()
        tunnel.wg("show")
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(tunnel.pid, number)
        wait_until(tunnel.has_ended, f"the end after {number.name}", 2)
        check(tunnel.interface not in tunnel.ip("link"), "the interface outlived its daemon")
        tunnel.start()


def check_refusals(pair):
    """What cannot be is said, with status 1 or 2, and disturbs nobody."""
    namespace, interface = pair.left.namespace, pair.left.interface

    def refused(status, words, *arguments):
        done = subprocess.run(["ip", "netns", "exec", namespace, WEIR_WG, *arguments], text=True,
                              capture_output=True, check=False, timeout=10)
        check(done.returncode == status, f"{arguments}: status {done.returncode}, not {status}")
        check(words in done.stderr, f"{arguments}: {done.stderr.strip()!r} lacks {words!r}")

    refused(1, "another program runs on it", interface)
    refused(1, "another program runs on it", "-f", interface)
    refused(1, "1 to 15 characters", "name-that-is-too-long")
    refused(1, "1 to 15 characters", "a/b")
    refused(2, "usage:", "")
    refused(2, "usage:", interface, "more")
    pair.left.wg("show")


def check_foreground(pair):
    """-f stays, logs when asked, and ends with status 0."""
    interface = f"{pair.prefix}f"
    process = subprocess.Popen(
        ["ip", "netns", "exec", pair.names["a"], WEIR_WG, "-f", interface], text=True,
        stderr=subprocess.PIPE, env=dict(os.environ, LOG_LEVEL="info"))
    try:
        tunnel = Tunnel(pair.names["a"], interface, WEIR_WG)
        wait_until(tunnel.answers, "the foreground daemon")
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=5)
    finally:
        process.kill()
    check(process.returncode == 0, f"status {process.returncode} after SIGTERM")
    check("tunnel.ready" in log and interface in log, f"log: {log!r}")


def check_moved_interface(pair):
    """The TUN moves to another namespace, the UDP port stays; MTU and state are followed there."""
    pair.configure()
    ping(pair.left, "10.77.0.2")
    away = f"{pair.prefix}-away"
    run("ip", "netns", "add", away)
    try:
        pair.left.ip("link", "set", pair.left.interface, "netns", away)
        home, pair.left.namespace = pair.left.namespace, away
        pair.left.bring_up("10.77.0.1/24", mtu=34736)
        pair.right.ip("link", "set", pair.right.interface, "mtu", 34736)
        ping(pair.left, "10.77.0.2")
        ping(pair.right, "10.77.0.1", size=34000)
        # 1301 bytes would be padded to 1312, but never beyond the MTU: so the MTU is known.
        pair.left.ip("link", "set", pair.left.interface, "mtu", 1301)
        ping(pair.left, "10.77.0.2", count=1)
        before = int(pair.left.show("transfer", pair.right).split("\t")[1])
        ping(pair.left, "10.77.0.2", count=1, size=1301 - 28)
        sent = int(pair.left.show("transfer", pair.right).split("\t")[1]) - before
        check(sent == 1301 + 32, f"{sent} bytes for a packet of the MTU's size")
        sockets = run("ip", "netns", "exec", home, "ss", "-uln")
        check(f":{pair.left.wg('show', 'listen-port').strip()} " in sockets, "the port moved away")
        pair.left.ip("link", "del", pair.left.interface)
        wait_until(pair.left.has_ended, "the end after removal in another namespace", 2)
    finally:
        run("ip", "netns", "del", away)


def check_keepalive(pair):
    """A peer that only listens is heard of every second, and stays quiet without the setting."""
    pair.configure(keepalive=1)
    wait_until(lambda: pair.right.last_handshake(pair.left), "a handshake started by keepalive", 5)
    first = int(pair.right.show("transfer", pair.left).split("\t")[0])
    wait_until(lambda: int(pair.right.show("transfer", pair.left).split("\t")[0]) >= first + 64,
               "two keepalives", 5)
    pair.left.wg("set", "peer", pair.right.public_key, "persistent-keepalive", "off")
    time.sleep(1.2)
    quiet = pair.right.show("transfer", pair.left)
    time.sleep(1.5)
    check(pair.right.show("transfer", pair.left) == quiet, "packets without a reason")


def check_source_addresses(pair):
    """Replies leave from the address that was asked; an address that vanishes costs no packet."""
    pair.configure()
    left, right = pair.left, pair.right
    link = (f"{pair.prefix}va", f"{pair.prefix}vb")

    def addr(side, verb, address):
        options = ["nodad"] if verb == "add" and ":" in address else []
        run("ip", "-n", pair.names["ab"[side]], "addr", verb, address, "dev", link[side], *options)

    for address in ("172.29.0.12/24", "fd29::12/64"):
        addr(1, "add", address)
    for endpoint in ("172.29.0.12:51820", "[fd29::12]:51820", "172.29.0.2:51820",
                     "[fd29::2]:51820"):
        left.wg("set", "peer", right.public_key, "endpoint", endpoint)
        ping(left, "10.77.0.2", count=1, wait=1)
        shown = left.show("endpoints", right)
        check(shown == endpoint, f"asked at {endpoint}, answered from {shown}")

    # The answerer's address goes away while it is in use: the very next packet still arrives.
    left.wg("set", "peer", right.public_key, "endpoint", "172.29.0.12:51820")
    ping(left, "10.77.0.2", count=1, wait=1)
    addr(1, "del", "172.29.0.12/24")
    ping(right, "10.77.0.1", count=1, wait=1)
    check(left.show("endpoints", right) == "172.29.0.2:51820", "the new source was not learnt")
    left.wg("set", "peer", right.public_key, "endpoint", "[fd29::12]:51820")
    ping(left, "10.77.0.2", count=1, wait=1)
    addr(1, "del", "fd29::12/64")
    ping(right, "10.77.0.1", count=1, wait=1)
    check(left.show("endpoints", right) == "[fd29::2]:51820", "the new source was not learnt")

    # The asker's own address goes away: the same.
    for before, after, endpoint in (("172.29.0.1/24", "172.29.0.31/25", "172.29.0.2:51820"),
                                    ("fd29::1/64", "fd29::31/64", "[fd29::2]:51820")):
        left.wg("set", "peer", right.public_key, "endpoint", endpoint)
        ping(left, "10.77.0.2", count=1, wait=1)
        addr(0, "add", after)
        addr(0, "del", before)
        ping(left, "10.77.0.2", count=1, wait=1)


def check_link_local(pair):
    """A peer at a link-local address, which means something on one interface only."""
    pair.configure()
    link = f"{pair.prefix}va"
    wait_until(lambda: "tentative" not in run("ip", "-n", pair.names["b"], "addr"),
               "the link-local address in use")
    address = next(line.split()[3].split("/")[0] for line in
                   run("ip", "-n", pair.names["b"], "-o", "-6", "addr", "show", "dev", f"{pair.prefix}vb",
                       "scope", "link").splitlines())
    # Asked from an address of wider scope, the answer comes from the link-local one all the same.
    run("ip", "-n", pair.names["a"], "-6", "addr", "flush", "dev", link, "scope", "link")
    run("ip", "-n", pair.names["a"], "-6", "route", "replace", "fe80::/64", "dev", link)
    # wg translates zones too, in the namespace that it runs in.
    wg = ("ip", "netns", "exec", pair.left.namespace, "wg")
    interface, peer, endpoint = pair.left.interface, pair.right.public_key, f"[{address}%{link}]:51820"
    run(*wg, "set", interface, "peer", peer, "endpoint", endpoint)
    wait_until(lambda: answers_ping(pair.left, "10.77.0.2"), "an answer over link-local addresses")
    shown = run(*wg, "show", interface, "endpoints").split("\t")[1].strip()
    check(shown == endpoint, f"the endpoint is shown as {shown}")
    run(*wg, "set", interface, "peer", peer, "endpoint", shown)  # what is shown can be set
    wait_until(lambda: answers_ping(pair.left, "10.77.0.2"), "an answer to the endpoint as shown")


def answers_ping(tunnel, address):
    try:
        ping(tunnel, address, count=1, wait=1)
    except Failure:
        return False
    return True


def check_big_packets(pair):
    """TCP at MTU 1420 and at 34736, where every datagram is in fragments, inner IPv4 and IPv6."""
    pair.configure(outer="v6")
    for mtu in (1420, 34736):
        for end in (pair.left, pair.right):
            end.ip("link", "set", end.interface, "mtu", mtu)
        for address in ("10.77.0.2", "fd77::2"):
            bulk(pair.left, pair.right, address)


CHECKS = [check_configuration, check_own_key_as_peer, check_port_taken, check_bulk,
          check_hostile_clients, check_socket_file, check_ends, check_refusals, check_foreground,
          check_moved_interface, check_keepalive, check_source_addresses, check_link_local,
          check_big_packets]


def main():
    clean_up_when_interrupted()
    os.makedirs(SOCKETS, exist_ok=True)

    def in_own_pair(number, function):
        pair = Pair(f"ww{number}", WEIR_WG, WEIR_WG)
        try:
            function(pair.open())
        finally:
            pair.close()

    failures = in_parallel({function.__name__: lambda n=n, f=function: in_own_pair(n, f)
                            for n, function in enumerate(CHECKS)})
    for function in CHECKS:
        verdict = f"FAILED: {failures[function.__name__]!r}" if function.__name__ in failures else "ok"
        print(f"{function.__name__}: {verdict}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
