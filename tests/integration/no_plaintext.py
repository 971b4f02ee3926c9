#!/usr/bin/env python3
"""Nothing of a request, an answer, an enrolment or a session is readable between regions.

    client -> agent us-east-1 ===== underlay 172.31.0.0/24, every packet recorded ===== agent eu-west-1 -> servers
                                 |                                                           10.x, recorded too
                             controller

The links to the servers carry plain HTTP: that the markers are found there shows that the search can find them.
"""
import os
import struct
import sys
import tempfile
import time
from pathlib import Path

os.environ["WEIR_DEMO_RUN"] = f"/run/weir-np{os.getpid()}"
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "demo"))

from lab import BIN, PORT, REGIONS, RUN, DemoError, running_lab  # noqa: E402
from load_log import LoadLog  # noqa: E402

MARKER = "k9TzPlainMarker7Qx"
UNDERLAY = bytes([172, 31, 0])
# In requests, answers, enrolment (names the region) and session (names services and agents).
SECRETS = {
    "the request's header": MARKER.encode(),
    "the request's path": f"/{MARKER}".encode(),
    "HTTP": b"HTTP/1.1",
    "the answer's body": b"Hello from",
    "a region's name": b"us-east-1",
    "a service's name": b"shop/web",
    "gRPC": b"weir.control.v1",
}
ON_SERVER_LINKS = ("the request's header", "the request's path", "HTTP", "the answer's body", "a region's name")


def packets(path):
    data = Path(path).read_bytes()
    at = 24
    while at + 16 <= len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at + 16:at + 16 + length]
        at += 16 + length


def send_marked(lab):
    for region in REGIONS:
        lab.start(f"{region}-client", [
            BIN / "weir-load", "--target", f"127.0.0.1:{PORT}", "--source", region, "--rate", 50, "--every",
            "--path", f"/{MARKER}", "--header", f"X-Marker: {MARKER}", "--out", RUN / region / "load.jsonl"], region)
    logs = {region: LoadLog(RUN / region / "load.jsonl") for region in REGIONS}
    end = time.monotonic() + 40
    while time.monotonic() < end:
        time.sleep(0.5)
        if all({r["region"] for r in log.read().requests} >= set(REGIONS) for log in logs.values()):
            time.sleep(2)
            return
    seen = {region: sorted({r["region"] for r in log.requests}) for region, log in logs.items()}
    raise DemoError(f"not every region reached every other: {seen}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        capture = Path(folder) / "all.pcap"
        with running_lab() as lab:
            lab.up(1, print, after_network=lambda: lab.netlab(f"capture {capture} all"))
            send_marked(lab)
            lab.netlab("release")
        return judge(capture)


def judge(capture):
    underlay = servers = 0
    found = {"underlay": {}, "servers": {}}
    for packet in packets(capture):
        where = "underlay" if packet[12:15] == UNDERLAY and packet[16:19] == UNDERLAY else "servers"
        underlay += where == "underlay"
        servers += where == "servers"
        for name, secret in SECRETS.items():
            if secret in packet:
                found[where][name] = found[where].get(name, 0) + 1
    print(f"{underlay} packets between regions, with {found['underlay'] or 'nothing readable'}")
    print(f"{servers} packets to and from servers, with {found['servers']}")
    missing = [name for name in ON_SERVER_LINKS if name not in found["servers"]]
    if underlay < 1000 or missing:
        print(f"FAIL: the recording holds too little to say anything: {underlay} packets, not found: {missing}")
        return 1
    if found["underlay"]:
        print("FAIL: plaintext on the underlay")
        return 1
    print("ok")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        print(f"FAIL: {error}")
        sys.exit(1)
