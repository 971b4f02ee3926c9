#!/usr/bin/env bash
# weirctl from another machine: the admin API over TCP with mutual TLS.
#
#   namespace wtls-PID:   weirctl ── TLS 127.0.0.1:7443 ── weir-controller
#   two authorities: "ours" signs the controller and the operator ann, "theirs" signs mallory
#
# Who is not signed by the configured authority gets nothing, not even an error of the API; who is, is named in what they change.
set -euo pipefail

# shellcheck source=tests/integration/controller/one_controller.sh
. "$(dirname "$0")/one_controller.sh"
open_lab wtls
weirctl() { ip netns exec "$netns" "$bin/weirctl" "$@"; }

authority() {  # name
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=authority $1" \
    -keyout "$dir/$1.ca.key" -out "$dir/$1.ca.pem" 2>/dev/null
}
certificate() {  # authority, name
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$2" -keyout "$dir/$2.key" \
    -out "$dir/$2.csr" 2>/dev/null
  openssl x509 -req -in "$dir/$2.csr" -CA "$dir/$1.ca.pem" -CAkey "$dir/$1.ca.key" -days 2 -out "$dir/$2.pem" \
    -extfile <(echo "subjectAltName=IP:127.0.0.1") 2>/dev/null
}
authority ours
authority theirs
certificate ours controller
certificate ours ann
certificate theirs mallory

cat >"$dir/controller.yaml" <<YAML
mesh: demo
state_dir: $dir/state
store: memory
tunnel: {interface: wtls$$, listen_port: 51820, public_endpoint: "127.0.0.1:51820"}
overlay: 10.90.0.0/16
admin:
  socket: $dir/admin.sock
  tcp: {listen: "127.0.0.1:7443", certificate: $dir/controller.pem, key: $dir/controller.key, client_ca: $dir/ours.ca.pem}
regions: [us-east-1, eu-west-1]
services:
  - {name: shop/web, protocol: http, listen_port: 8080}
YAML

start_controller
expect 4 "0 of 1 agents connected" --socket "$dir/admin.sock" status --wait --expect-agents 1 --timeout 5s

ann=(--server 127.0.0.1:7443 --ca "$dir/ours.ca.pem" --cert "$dir/ann.pem" --key "$dir/ann.key")
expect 0 "mesh demo" "${ann[@]}" status
expect 0 "pinned: revision" "${ann[@]}" weights pin shop/web --from eu-west-1 us-east-1=70,eu-west-1=30 --yes
expect 0 "pin by ann" "${ann[@]}" weights explain shop/web --from eu-west-1

# The environment says the same, and an option goes before it.
export WEIR_SERVER=127.0.0.1:7443 WEIR_CA=$dir/ours.ca.pem WEIR_CERT=$dir/ann.pem WEIR_KEY=$dir/ann.key
expect 0 "mesh demo" status
expect 0 "mesh demo" --socket "$dir/admin.sock" status
expect 5 "is weir-controller running" --socket "$dir/none.sock" status
expect 2 "excludes" --socket "$dir/admin.sock" --server 127.0.0.1:7443 status
unset WEIR_SERVER WEIR_CA WEIR_CERT WEIR_KEY

# Signed by others; the controller not signed by whom we trust; another name than the certificate's; no TLS at all.
expect 5 "signed by the CA" "${ann[@]:0:4}" --cert "$dir/mallory.pem" --key "$dir/mallory.key" status
expect 5 "signed by the CA" --server 127.0.0.1:7443 --ca "$dir/theirs.ca.pem" --cert "$dir/ann.pem" --key "$dir/ann.key" status
expect 5 "signed by the CA" --server localhost:7443 "${ann[@]:2}" status
expect 2 "--cert is not given" --server 127.0.0.1:7443 --ca "$dir/ours.ca.pem" status
expect 8 "cannot be read" "${ann[@]:0:4}" --cert "$dir/none.pem" --key "$dir/ann.key" status
expect 2 "HOST:PORT" --server 127.0.0.1 "${ann[@]:2}" status
got=$(printf 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' | ip netns exec "$netns" timeout 5 bash -c \
  'exec 3<>/dev/tcp/127.0.0.1/7443; cat >&3; cat <&3 | tr -d "\0" | head -c 200' || true)
[[ "$got" != *HTTP* ]] || fail "the port answers plain HTTP/2: $got"

echo "ok: weirctl over mutual TLS"
