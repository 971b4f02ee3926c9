#!/usr/bin/env bash
# The link emulator from outside, with the tools an operator has.
#
#   wnl<pid>-a ──20 ms, 20 ms── wnl<pid>-b
#        └───────1 ms───────────── wnl<pid>-c      (b and c are not joined)
set -euo pipefail

netlab="${WEIR_BIN:?}/weir-netlab"
work=$(mktemp -d)
lab="wnl$$"
sock="$work/s"
pid=
finish() {
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  wait 2>/dev/null || true
  "$netlab" down --topology "$work/t.yaml" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT

fail() { echo "FAIL: $*" >&2; exit 1; }
in_node() { local node=$1; shift; ip netns exec "$lab-$node" "$@"; }
# The least round trip of some pings, in whole milliseconds.
round_trip() { in_node "$1" ping -n -q -c 8 -i 0.05 "$2" | sed -nE 's|^rtt .* = ([0-9]+)\..*|\1|p'; }
reaches() { in_node "$1" ping -n -q -c 1 -W 1 "$2" >/dev/null 2>&1; }
change() { "$netlab" "$1" --socket "$sock" "${@:2}"; }
start() {
  "$netlab" up --topology "$work/t.yaml" --socket "$sock" --quiet &
  pid=$!
  for _ in $(seq 100); do
    change show >/dev/null 2>&1 && return
    sleep 0.05
  done
  fail "the lab did not come up"
}

cat >"$work/t.yaml" <<END
name: $lab
nodes:
  a: {addresses: [10.9.0.1/24, 'fd09::1/64']}
  b: {addresses: [10.9.0.2/24, 'fd09::2/64']}
  c: {addresses: [10.9.0.3/24]}
links:
  - {between: [a, b], delay: 20ms}
  - {between: [a, c], delay: 1ms}
END
start

echo "- both ways of a link add up"
rtt=$(round_trip a 10.9.0.2)
[ "$rtt" -ge 40 ] && [ "$rtt" -lt 50 ] || fail "round trip of 40 ms took $rtt ms"
reaches a fd09::2 || fail "IPv6 does not pass"
if reaches b 10.9.0.3; then fail "b reaches c without a link"; fi

echo "- cut, heal, isolate, set act at once"
change cut a b
if reaches a 10.9.0.2; then fail "a cut link passes packets"; fi
change heal a b
reaches a 10.9.0.2 || fail "a healed link does not pass packets"
change isolate a
if reaches c 10.9.0.1; then fail "an isolated node is reached"; fi
change heal
change set --from a --to b delay=150ms
rtt=$(round_trip a 10.9.0.2)
[ "$rtt" -ge 170 ] || fail "set delay=150ms gave a round trip of $rtt ms"
change heal

echo "- refusals are explained and change nothing"
change cut a z 2>"$work/err" && fail "an unknown node was accepted"
grep -q 'no node "z"' "$work/err" || fail "no reason: $(cat "$work/err")"
change set --from a --to b loss=200% 2>/dev/null && fail "a loss of 200% was accepted"
head -c 100000 /dev/urandom | python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
try: s.sendall(sys.stdin.buffer.read()); s.recv(100)
except OSError: pass' "$sock"
reaches a 10.9.0.2 || fail "the lab did not survive garbage on its socket"

echo "- a capture holds the packets of its link and no others"
change capture --file "$work/c.pcap" --from a --to b
in_node a ping -n -q -c 2 -i 0.05 -p 6d61726b 10.9.0.2 >/dev/null
reaches a 10.9.0.3
change capture --stop
[ "$(grep -ac markmark "$work/c.pcap")" -ge 1 ] || fail "the payload is not in the capture"
python3 - "$work/c.pcap" <<'END' || fail "capture"
import struct, sys
data = open(sys.argv[1], "rb").read()
assert struct.unpack("<I", data[:4])[0] == 0xa1b23c4d
at, packets = 24, 0
while at < len(data):
    length = struct.unpack("<I", data[at + 8:at + 12])[0]
    packet = data[at + 16:at + 16 + length]
    assert packet[16:20] == bytes([10, 9, 0, 2]), packet[:20]
    at, packets = at + 16 + length, packets + 1
assert packets == 2, packets
END

echo "- every packet is accounted for"
change show | python3 -c '
import json, sys
for link in json.load(sys.stdin)["links"]:
    p = link["packets"]
    gone = sum(p[k] for k in ("delivered", "lost", "queue_full", "cut", "overflow", "refused", "in_flight"))
    assert p["offered"] + p["duplicated"] == gone, link
    assert p["offered"] > 0, link'

echo "- a second lab of the same name is refused, a killed one is swept away by the next"
"$netlab" up --topology "$work/t.yaml" --socket "$work/s2" 2>"$work/err" && fail "two labs of one name"
grep -q 'is up already' "$work/err" || fail "no reason: $(cat "$work/err")"
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
start
reaches a 10.9.0.2 || fail "the lab does not work after the one before was killed"
change down
wait "$pid"
pid=
if ip netns list | grep -q "^$lab-"; then fail "namespaces are left"; fi

echo "- a lab that loses a device ends and says so, instead of spinning"
start 2>"$work/gone"
ip -n "$lab-b" link del net0
for _ in $(seq 100); do
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.05
done
if kill -0 "$pid" 2>/dev/null; then fail "it still runs"; fi
if wait "$pid"; then fail "it ended well"; fi
pid=
grep -q 'node "b" was taken away' "$work/gone" || fail "no reason: $(cat "$work/gone")"

# The share of the last ten seconds in which something waited for a processor, in percent.
pressure() { awk '/^some/ {sub("avg10=", "", $2); print int($2)}' /proc/pressure/cpu 2>/dev/null || echo 100; }
echo "- accuracy"
for attempt in 1 2 3; do
  busy=$(pressure)
  if [ "${busy:-100}" -lt 10 ]; then
    limits=(--added-p99-ms 0.5 --mbit 500)
    echo "  attempt $attempt, idle (pressure $busy %): ${limits[*]}"
  else
    limits=(--added-p99-ms 5 --mbit 200)
    echo "  attempt $attempt, LOOSE limits, for others use the machine (pressure ${busy:-unknown} %): ${limits[*]}"
  fi
  "$netlab" check "${limits[@]}" && exit 0
done
fail "three times outside the limits"
