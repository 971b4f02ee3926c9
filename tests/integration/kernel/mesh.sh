#!/bin/sh
# A mesh whose ends have different backends, inside the virtual machine of scripts/kernel-lab (busybox, dash, iproute2).
#
#   agent a (auto) 10.1.1.2 ── 10.1.1.1 controller (auto) 10.1.2.1 ── 10.1.2.2 agent b (embedded)
#
# 1. With `auto`, controller and agent find the kernel's WireGuard; both tell the controller and `weirctl mesh ls` whose it is.
# 2. Who holds a token is filtered before it can join.
# 3. Packets go from a to b and back, one end the kernel's, one embedded.
# 4. Agent a is killed: packets go on without it, and it comes back with the same sessions.
# 5. `backend: embedded` takes over from what a killed run left behind.
# 6. Ended in order, nothing is left.
dir=/tmp/mesh
mkdir -p $dir
begun=$(date +%s)

fail() {
  for file in $dir/*.log; do echo "--- $file"; tail -n 15 "$file"; done
  echo "FAILED: $1"
  echo "[  FAILED  ] KernelMesh.$2 (0 ms)"
  exit 1
}
ok() {
  now=$(date +%s)
  echo "[       OK ] KernelMesh.$1 ($(((now - begun) * 1000)) ms)"
  begun=$now
}
wait_for() { # NAME-OF-THE-CASE COMMAND...
  case_name=$1
  shift
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || fail "$* never came true" "$case_name"
    sleep 0.2
  done
}
weirctl() { /bin/weirctl --socket $dir/admin.sock "$@" 2>>$dir/weirctl.log; }
wide() { weirctl mesh ls -o wide; }

for name in c a b; do
  ip netns add $name
  ip -n $name link set lo up
done
for pair in "a 1" "b 2"; do
  set -- $pair
  ip link add c$1 netns c type veth peer name eth netns $1
  ip -n c addr add 10.1.$2.1/24 dev c$1
  ip -n $1 addr add 10.1.$2.2/24 dev eth
  ip -n c link set c$1 up
  ip -n $1 link set eth up
  ip -n $1 route add default via 10.1.$2.1
  cat >$dir/$1.yaml <<YAML
state_dir: $dir/$1
tunnel: {interface: weir-$1, listen_port: 51820}
discovery: {file: $dir/endpoints.yaml}
YAML
done
ip netns exec c sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
sed -i 's/weir-b/&, backend: embedded/' $dir/b.yaml
echo 'services: {}' >$dir/endpoints.yaml
cat >$dir/controller.yaml <<YAML
mesh: lab
state_dir: $dir/controller
store: memory
tunnel: {interface: weir0, listen_port: 51820, public_endpoint: "10.1.1.1:51820"}
admin: {socket: $dir/admin.sock}
regions: [a, b]
services: [{name: shop/web, listen_port: 8080}]
YAML

ip netns exec c weir-controller run --config $dir/controller.yaml >$dir/controller.log 2>&1 &
controller=$!
answers() { weirctl status >/dev/null; }
wait_for ControllerStartsOnTheKernelsWireGuard answers
grep -q 'tunnel.backend.*kernel' $dir/controller.log || fail "the controller is not on the kernel" ControllerStartsOnTheKernelsWireGuard
ip -n c -d link show weir0 | grep -q wireguard || fail "weir0 is no wireguard" ControllerStartsOnTheKernelsWireGuard
ok ControllerStartsOnTheKernelsWireGuard

filters() { tc -n c filter show dev weir0 ingress | grep -c src_ip; }
start() { # a or b
  ip netns exec $1 weir-agent run --config $dir/$1.yaml >>$dir/$1.log 2>&1 &
  eval "agent_$1=\$!"
}
# Two for each token, which stays until its time is over: an answer may have been lost.
filtered() { [ "$(filters)" -ge "$1" ]; }
for name in a b; do
  weirctl mesh token create --region $name --cluster $name --out $dir/token.$name >/dev/null || fail "no token" FiltersWhoeverHoldsAToken
  wait_for FiltersWhoeverHoldsAToken filtered 2
  ip netns exec $name weir-agent join --token-file $dir/token.$name --config $dir/$name.yaml >$dir/join.log 2>&1 ||
    fail "join $name" FiltersWhoeverHoldsAToken
  start $name
done
ok FiltersWhoeverHoldsAToken

tells() { wide | grep "$1/agent-1" | grep "$2"; }
wait_for TellsWhoseWireGuardItIs tells a 'connected.*kernel: the kernel made a WireGuard interface'
wait_for TellsWhoseWireGuardItIs tells b 'connected.*embedded: tunnel.backend is embedded'
ok TellsWhoseWireGuardItIs

overlay() { weirctl mesh ls | grep "$1/agent-1" | sed 's/.* \(10\.90\.[0-9.]*\) .*/\1/'; }
a=$(overlay a)
b=$(overlay b)
reaches() { ip netns exec $1 ping -q -c 3 -i 0.2 -W 2 $2 >/dev/null; }
wait_for CarriesPacketsBetweenBothKinds reaches a $b
reaches b $a || fail "b does not reach a" CarriesPacketsBetweenBothKinds
path_is_up() { weirctl paths ls | grep -q ' up'; }
wait_for CarriesPacketsBetweenBothKinds path_is_up
ok CarriesPacketsBetweenBothKinds

kill -9 $agent_a
wait $agent_a 2>/dev/null
ip netns exec a ping -q -c 50 -i 0.1 $b >$dir/ping.out &
pinging=$!
sleep 1
start a
wait $pinging
grep -q ' 0% packet loss' $dir/ping.out || fail "$(cat $dir/ping.out)" LosesNothingWhenAnAgentIsKilledAndStartsAgain
wait_for LosesNothingWhenAnAgentIsKilledAndStartsAgain tells a connected
ok LosesNothingWhenAnAgentIsKilledAndStartsAgain

kill -9 $agent_a
wait $agent_a 2>/dev/null
sed -i 's/weir-a/&, backend: embedded/' $dir/a.yaml
start a
wait_for GoesOverToTheEmbeddedEngine tells a 'connected.*embedded'
wait_for GoesOverToTheEmbeddedEngine reaches a $b
ok GoesOverToTheEmbeddedEngine

kill $agent_a $agent_b $controller
wait $agent_a $agent_b $controller
for name in c a b; do
  if ip -n $name -o link | grep weir; then fail "it is left in $name" LeavesNothingBehind; fi
done
ok LeavesNothingBehind
