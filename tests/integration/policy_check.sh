#!/usr/bin/env bash
# A slow region under weighted round robin and under the learned policy: scripts/demo --check --policy learned, on the
# programs just built.
set -euo pipefail
export WEIR_DEMO_RUN="/run/weir-policy$$"
exec python3 deploy/demo/demo.py --check --policy learned
