#!/usr/bin/env bash
# The whole mesh under load with every fault: what scripts/demo --check does, on the programs just built.
set -euo pipefail
run="/run/weir-check$$"
logs=$(mktemp -d)
finish() { rm -rf "$logs"; }
trap finish EXIT

export WEIR_DEMO_RUN="$run" WEIR_DEMO_KEEP_LOGS="$logs/run"
if python3 deploy/demo/demo.py --check; then
  exit 0
fi
echo "--- the ends of the logs"
tail -n 15 "$logs"/run/log/*.log || true
exit 1
