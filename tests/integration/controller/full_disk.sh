#!/usr/bin/env bash
# A weir-controller whose disk fills up: it refuses what it could not keep, says so, and goes on by itself once there is
# room. Its state directory is a file system of 64 MiB in memory, of which 32 MiB stay free.
set -euo pipefail

# shellcheck source=tests/integration/controller/one_controller.sh
. "$(dirname "$0")/one_controller.sh"
open_lab disk

weirctl() { "$bin/weirctl" --socket "$dir/admin.sock" "$@" >"$dir/out" 2>&1; }
# Prints the status and leaves the text in $dir/page.
page() {
  ip netns exec "$netns" python3 - "$1" "$dir/page" <<'PYTHON'
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", 9180, timeout=5)
connection.request("GET", sys.argv[1])
answer = connection.getresponse()
open(sys.argv[2], "wb").write(answer.read())
print(answer.status)
PYTHON
}

mkdir "$dir/state"
mount -t tmpfs -o size=64m,mode=700 tmpfs "$dir/state"
cat >"$dir/controller.yaml" <<YAML
mesh: demo
state_dir: $dir/state
tunnel: {interface: dk$$, listen_port: 51820, public_endpoint: "127.0.0.1:51820"}
admin: {socket: $dir/admin.sock}
metrics: {listen: "127.0.0.1:9180"}
regions: [us-east-1, eu-west-1]
services:
  - {name: shop/web, listen_port: 8080}
YAML

start() {
  start_controller
  wait_for "the controller answers" weirctl status
}
pin() { weirctl weights pin shop/web --from us-east-1 "us-east-1=$1,eu-west-1=1" --yes; }
token() { weirctl mesh token create --region us-east-1 --cluster one; }
is_ready() { [ "$(page /readyz)" = 200 ]; }
is_held() { [ "$(page /readyz)" = 503 ]; }

start
pin 2 || fail "pin: $(cat "$dir/out")"
head -c 40M /dev/zero >"$dir/state/filler"
if token; then fail "a token was made on a full disk"; fi
grep -q 'nearly full' "$dir/out" || fail "no reason: $(cat "$dir/out")"
if pin 3; then fail "a pin was set on a full disk"; fi
wait_for "/readyz names the disk" is_held
grep -q 'nearly full' "$dir/page" || fail "/readyz says $(cat "$dir/page")"
weirctl status || fail "status: $(cat "$dir/out")"
grep -q 'nearly full' "$dir/out" || fail "status does not warn: $(cat "$dir/out")"
page /metrics >"$dir/out"
grep -q '^weir_store_writable 0' "$dir/page" || fail "no metric"

# A restart does not make it worse.
kill "$controller"
wait "$controller" || fail "it did not stop cleanly"
start
weirctl weights get shop/web --from us-east-1 || fail "weights: $(cat "$dir/out")"

rm "$dir/state/filler"
wait_for "it takes writes again" is_ready
pin 4 || fail "pin: $(cat "$dir/out")"
token || fail "token: $(cat "$dir/out")"
kill -0 "$controller" || fail "the controller ended"
echo "ok: a full disk is refused, named, and forgotten once there is room"
