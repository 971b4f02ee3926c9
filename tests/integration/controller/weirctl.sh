#!/usr/bin/env bash
# weirctl against a real weir-controller, from the first token to a refused config file.
#
#   namespace weirctl-PID
#     weir-controller ── admin.sock ── weirctl
#        └ wctlPID (WireGuard, no peers)
#
# Every answer is checked by its exit code and by the words an operator, or a script, relies on.
set -euo pipefail

# shellcheck source=tests/integration/controller/one_controller.sh
. "$(dirname "$0")/one_controller.sh"
open_lab weirctl
weirctl() { "$bin/weirctl" --socket "$dir/admin.sock" "$@"; }

cat >"$dir/controller.yaml" <<YAML
mesh: demo
state_dir: $dir/state
store: rocksdb
tunnel: {interface: wctl$$, listen_port: 51820, public_endpoint: "127.0.0.1:51820"}
overlay: 10.90.0.0/16
admin: {socket: $dir/admin.sock}
metrics: {listen: "127.0.0.1:9180"}
regions: [us-east-1, eu-west-1]
services:
  - {name: shop/web, protocol: http, listen_port: 8080, weights: {nearby: 130, other: 100}}
YAML

expect 5 "is weir-controller running" status

start_controller

# Nobody has joined: the wait ends with the reason, and shows that the controller answers.
expect 4 "0 of 1 agents connected" status --wait --expect-agents 1 --timeout 5s
expect 0 "mesh demo" status
expect 0 "weirctl mesh token create" mesh ls

expect 0 "1 use" mesh token create --region us-east-1 --cluster a --ttl 10m --out "$dir/token"
[ "$(stat -c %a "$dir/token")" = 600 ] || fail "the token's file has mode $(stat -c %a "$dir/token")"
grep -q '^weir1\.' "$dir/token" || fail "the file holds no token"
id=$(awk '{print $2; exit}' "$dir/err")
expect 0 "open" mesh token ls
! grep -q weir1 "$dir/out" || fail "the list shows a secret"
expect 0 "revoked" mesh token revoke "$id"
expect 0 "revoked" mesh token ls
expect 2 "mars" mesh token create --region mars --cluster a
expect 8 "not_found" mesh remove us-east-1/agent-9 --yes

expect 0 "56.5%" weights get shop/web --from eu-west-1
expect 0 "dry run" weights pin shop/web --from eu-west-1 us-east-1=70,eu-west-1=30 --dry-run
expect 7 "--yes" weights pin shop/web --from eu-west-1 us-east-1=70,eu-west-1=30 </dev/null
expect 0 "56.5%" weights get shop/web --from eu-west-1
expect 0 "pinned: revision" weights pin shop/web --from eu-west-1 us-east-1=70,eu-west-1=30 --ttl 1h --yes
expect 0 "70.0%" weights get shop/web --from eu-west-1
expect 0 "by pin" weights explain shop/web --from eu-west-1
expect 0 "unpinned: revision" weights unpin shop/web --from eu-west-1 --yes
expect 0 "56.5%" weights get shop/web --from eu-west-1
expect 8 "shop/none" weights unpin shop/none --from eu-west-1 --yes

# Limits that move at run time, and files of what operators changed.
expect 0 "residency" guardrails status
expect 7 "--yes" guardrails set max_step 0.2 --service shop/web </dev/null
expect 2 "must be 0.0001 to 1" guardrails set max_step 2 --yes
expect 8 "as configured" guardrails unset min_share --yes
expect 0 "set: revision" guardrails set max_step 0.2 --service shop/web --ttl 1h --yes
expect 0 "1 guardrail moved" status
weirctl get guardrails -o yaml >"$dir/wanted.yaml"
weirctl diff -f "$dir/wanted.yaml" || fail "what is there differs from itself"
expect 0 "unset: revision" guardrails unset max_step --service shop/web --yes
expect 3 "create Guardrail shop/web/max_step" diff -f "$dir/wanted.yaml"
expect 0 "shop/web/max_step: created" apply -f "$dir/wanted.yaml" --yes
expect 0 "nothing to change" apply -f "$dir/wanted.yaml"
printf 'kind: Pin\nmetadata: {name: shop/web/eu-west-1}\nspec: {weights: {us-east-1: 1}}\n' >"$dir/pin.yaml"
expect 0 "shop/web/max_step: removed" apply -f "$dir/pin.yaml" --prune Guardrail --yes
expect 0 "us-east-1=1" get pins
expect 0 "unpinned" weights unpin shop/web --from eu-west-1 --yes
expect 0 "ChangeGuardrail" events --audit

# A controller with a name.
weirctl() { XDG_CONFIG_HOME="$dir/xdg" "$bin/weirctl" "$@"; }
expect 0 "added context here" context add here --socket "$dir/admin.sock" --use
[ "$(stat -c %a "$dir/xdg/weir/config.yaml")" = 600 ] || fail "the file of contexts can be read by others"
expect 0 "context here" status
expect 0 "context here" config view --origin
weirctl() { "$bin/weirctl" --socket "$dir/admin.sock" "$@"; }

# A real bash completes commands, options and live names.
in_bash() {
  PATH="$bin:$PATH" WEIR_SOCKET="$dir/admin.sock" bash -c '
    source <(weirctl completion bash)
    COMP_LINE=$1 COMP_POINT=${#1}
    compopt() { :; }  # there is no completion under way
    _weirctl
    echo "${COMPREPLY[*]}"' _ "$1"
}
completes() {
  local got
  got=$(in_bash "$1")
  [ "$got" = "$2" ] || fail "bash completes \"$1\" to \"$got\", not \"$2\""
  echo "ok    bash completes \"$1\""
}
completes "weirctl wei" "weights"
completes "weirctl weights explain " "shop/web"
completes "weirctl paths matrix --metric p" "p50 p99"
completes "weirctl events --color=n" "never"

expect 0 "0 directed paths" paths matrix
expect 0 "shop/web" services ls
expect 0 "No failover is active" failover ls
expect 0 "pin.set" events
expect 0 '"kind": "ServiceList"' services ls -o json
python3 -m json.tool "$dir/out" >/dev/null || fail "services ls -o json is no JSON"

expect 0 "mesh: demo" config check -f "$dir/controller.yaml"
sed -e 's/8080/99999/' -e 's/^overlay/overlai/' "$dir/controller.yaml" >"$dir/bad.yaml"
expect 3 "did you mean overlay?" config check -f "$dir/bad.yaml"
grep -q 99999 "$dir/out" "$dir/err" || fail "config check told only one of two complaints"

echo "ok: weirctl against a real controller"
