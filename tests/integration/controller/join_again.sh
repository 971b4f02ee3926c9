#!/usr/bin/env bash
# A machine joins, joins again, loses its disk; and a neighbour on the same links tries to get past the tunnel.
#
#   controller 10.1.0.1 ──────── 10.1.0.2 agent
#          10.2.0.1                  10.3.0.1
#              └── 10.2.0.2 neighbour 10.3.0.2 ──┘      (a namespace each, veth pairs between them)
#
# 1. The neighbour routes the overlay addresses to the two machines past the tunnel, which Linux answers for on every
#    device. A listener of the test on such an address is reached; no TCP port of Weir is.
# 2. `join --replace` keeps name and address. A machine that lost its disk is a new agent, and the old one is named, or
#    goes with a token that replaces it.
set -euo pipefail

# shellcheck source=tests/integration/controller/one_controller.sh
. "$(dirname "$0")/one_controller.sh"
dir=$(mktemp -d /tmp/weir-again-XXXXXX)
lab=again$$
controller= agent=

cleanup() {
  for pid in $agent $controller; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  for name in c a n; do
    ip netns pids "$lab-$name" 2>/dev/null | xargs -r kill 2>/dev/null || true
    ip netns del "$lab-$name" 2>/dev/null || true
  done
  rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

fail() {
  echo "FAIL: $*"
  for file in "$dir"/*.log; do echo "--- $file"; tail -15 "$file"; done
  exit 1
}
ok() { echo "ok: $*"; }
weirctl() { "$bin/weirctl" --socket "$dir/admin.sock" "$@"; }
inside() { ip netns exec "$lab-$1" "${@:2}"; }

link() { # A ADDRESS B ADDRESS
  ip link add "${lab: -5}$1$3" netns "$lab-$1" type veth peer name "${lab: -5}$3$1" netns "$lab-$3"
  ip -n "$lab-$1" address add "$2/24" dev "${lab: -5}$1$3"
  ip -n "$lab-$3" address add "$4/24" dev "${lab: -5}$3$1"
  ip -n "$lab-$1" link set "${lab: -5}$1$3" up
  ip -n "$lab-$3" link set "${lab: -5}$3$1" up
}

for name in c a n; do
  ip netns add "$lab-$name"
  ip -n "$lab-$name" link set lo up
done
link c 10.1.0.1 a 10.1.0.2
link c 10.2.0.1 n 10.2.0.2
link a 10.3.0.1 n 10.3.0.2

cat >"$dir/controller.yaml" <<YAML
mesh: demo
state_dir: $dir/controller
tunnel: {interface: ct$$, listen_port: 51820, public_endpoint: "10.1.0.1:51820"}
admin: {socket: $dir/admin.sock}
regions: [us-east-1, eu-west-1]
services:
  - {name: shop/web, listen_port: 8080}
YAML
cat >"$dir/agent.yaml" <<YAML
state_dir: $dir/agent
tunnel: {interface: ag$$, listen_port: 51820}
discovery: {file: $dir/endpoints.yaml}
gateway: {listen: 127.0.0.1}
YAML
echo 'services: {}' >"$dir/endpoints.yaml"

ip netns exec "$lab-c" "$bin/weir-controller" run --config "$dir/controller.yaml" >"$dir/controller.log" 2>&1 &
controller=$!
answers() { weirctl status >/dev/null 2>&1; }
wait_for "the controller answers" answers

join() { # OPTIONS OF THE TOKEN -- OPTIONS OF join
  local token=()
  while [ "$1" != -- ]; do token+=("$1"); shift; done
  shift
  rm -f "$dir/token"
  weirctl mesh token create --region us-east-1 --cluster one --out "$dir/token" "${token[@]}" 2>>"$dir/weirctl.log" ||
    fail "no token"
  inside a "$bin/weir-agent" join --token-file "$dir/token" --config "$dir/agent.yaml" "$@" \
    >"$dir/join.log" 2>&1 || fail "join $*"
}
start_agent() {
  ip netns exec "$lab-a" "$bin/weir-agent" run --config "$dir/agent.yaml" >>"$dir/agent.log" 2>&1 &
  agent=$!
  wait_for "the agent is connected" connected
}
stop_agent() {
  kill "$agent"
  wait "$agent" || true
  agent=
}
connected() { weirctl mesh ls 2>/dev/null | grep -q 'connected'; }
agents() { weirctl mesh ls | awk 'NR > 1 {print $1 " " $3}' | sort | paste -sd, -; }
expect_agents() { [ "$(agents)" = "$1" ] || fail "agents are $(agents), not $1"; }

join -- --region us-east-1
start_agent
expect_agents "us-east-1/agent-1 10.90.0.2"

# 1. Past the tunnel.
ip -n "$lab-n" route add 10.90.0.1/32 via 10.2.0.1
ip -n "$lab-n" route add 10.90.0.2/32 via 10.3.0.1
connect='
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2).close()
except OSError:
    sys.exit(1)
'
reaches() { inside n python3 -c "$connect" "$1" "$2"; }
inside c python3 -c 'import socket; s = socket.create_server(("10.90.0.1", 9999)); s.accept()' &
wait_for "the neighbour's route works" reaches 10.90.0.1 9999
inside a python3 -c 'import socket; s = socket.create_server(("10.90.0.2", 9999)); s.accept()' &
wait_for "the neighbour's other route works" reaches 10.90.0.2 9999
for port in 7442 7443; do
  if reaches 10.90.0.1 $port; then fail "the neighbour reached the controller's port $port past the tunnel"; fi
  inside a python3 -c "$connect" 10.90.0.1 $port || fail "the agent does not reach port $port through the tunnel"
done
if reaches 10.90.0.2 7480; then fail "the neighbour reached the agent's ingress past the tunnel"; fi
inside c python3 -c "$connect" 10.90.0.2 7480 || fail "the ingress is not reached through the tunnel"
ok "no TCP port of Weir is reached past the tunnel"

# 2. Again.
stop_agent
join -- --replace
expect_agents "us-east-1/agent-1 10.90.0.2"
start_agent
ok "join --replace leaves no ghost"

stop_agent
rm -rf "$dir/agent"
join --
expect_agents "us-east-1/agent-1 10.90.0.2,us-east-1/agent-2 10.90.0.3"
grep -q 'us-east-1/agent-1 of cluster one is not connected' "$dir/join.log" || fail "join does not name the agent that is gone"
weirctl status | grep -q 'us-east-1/agent-1 of cluster one is not connected' || fail "status does not name the agent that is gone"
weirctl mesh remove us-east-1/agent-1 --yes 2>>"$dir/weirctl.log"
start_agent

stop_agent
rm -rf "$dir/agent"
join --replaces us-east-1/agent-2 --
expect_agents "us-east-1/agent-3 10.90.0.4"
start_agent
ok "a machine that lost its disk leaves no ghost"
