#!/usr/bin/env bash
# usage: scripts/bench dashboard [--regions 60] [--services 500] [--seconds 6] [--least 30] [--only NAME[,NAME...]]
# Frames a second of the dashboard in Chromium with a large generated mesh: dashboard/browser/scale.mjs says what is counted.
set -euo pipefail
cd "$(dirname "$0")/../../.."
scripts/dev/build-dashboard install
exec scripts/dev/with-node node dashboard/browser/scale.mjs "$@"
