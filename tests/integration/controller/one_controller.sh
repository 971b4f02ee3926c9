# One weir-controller in a namespace of its own, for the scripts here; sourced after `set -euo pipefail`.
#
#   open_lab NAME       $netns, and $dir for files; both are gone at the end, with what runs or is mounted there
#   start_controller    runs it on $dir/controller.yaml; its pid is $controller
#   expect, wait_for    the script's own `weirctl` is asked
bin=${WEIR_BIN:?the folder of the programs}
controller=

open_lab() {
  netns=$1-$$
  dir=$(mktemp -d "/tmp/weir-$1-XXXXXX")
  trap close_lab EXIT
  trap 'exit 1' INT TERM HUP
  : >"$dir/out"; : >"$dir/err"; : >"$dir/log"
  ip netns add "$netns"
  ip -n "$netns" link set lo up
}

close_lab() {
  if [ -n "$controller" ]; then kill "$controller" 2>/dev/null && wait "$controller" 2>/dev/null || true; fi
  ip netns del "$netns" 2>/dev/null || true
  umount "$dir/state" 2>/dev/null || true
  rm -rf "$dir"
}

start_controller() {
  ip netns exec "$netns" "$bin/weir-controller" run --config "$dir/controller.yaml" >>"$dir/log" 2>&1 &
  controller=$!
}

fail() {
  echo "FAIL: $*"
  echo "--- out"; cat "$dir/out"; echo "--- err"; cat "$dir/err"; echo "--- controller"; tail -20 "$dir/log"
  exit 1
}

# expect CODE WORDS OPTION...: weirctl's exit code, and WORDS somewhere in what it printed.
expect() {
  local code=$1 words=$2 got=0
  shift 2
  weirctl "$@" >"$dir/out" 2>"$dir/err" || got=$?
  [ "$got" = "$code" ] || fail "weirctl $*: exit $got, not $code"
  grep -qF -- "$words" "$dir/out" "$dir/err" || fail "weirctl $*: nothing says \"$words\""
}

# wait_for WHAT COMMAND...
wait_for() {
  local what=$1
  for _ in $(seq 150); do
    if "${@:2}"; then return 0; fi
    sleep 0.1
  done
  fail "not within 15 s: $what"
}
