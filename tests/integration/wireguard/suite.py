#!/usr/bin/env python3
"""wireguard-go's own tests/netns.sh, unchanged, with weir-wg as the program it is given.

    namespace 1 [wg1] ... [namespace 0: lo, a NAT, both UDP ports] ... [wg2] namespace 2     (drawn in the script)

usage: suite.py [PROGRAM]      (weir-wg)

It is fetched with its source package; without a mirror the test is skipped (status 77). It uses fixed names,
so its sockets lie in a mount namespace of its own.
"""

import os
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import backports  # noqa: E402
from tunnel_lab import SOCKETS, WEIR_WG  # noqa: E402

SKIPPED = 77
NEEDED = ("ip", "wg", "ss", "iperf3", "ncat", "iptables", "ping", "unshare")
# The script's last step, so that it was not left before. It is written with colours.
LAST_WORDS = "Objects that were created were also destroyed."


def main():
    program = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else WEIR_WG)
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        print(f"suite: needs {', '.join(missing)}; scripts/dev/install-packages brings them", file=sys.stderr)
        return 1
    try:
        script = backports.suite()
    except backports.Unavailable as problem:
        print(f"suite: SKIPPED: wireguard-go's netns.sh cannot be fetched: {problem}")
        return SKIPPED

    os.makedirs(SOCKETS, exist_ok=True)
    started = time.monotonic()
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", f'mount -t tmpfs none {SOCKETS} && exec bash "$0" "$1"', script, program],
        text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: process.terminate())  # the script takes down what it made, then we end
    output = process.communicate()[0].splitlines()
    held = process.returncode == 0 and any(LAST_WORDS in line for line in output)
    if not held:
        print("\n".join(output[-40:]))
    print(f"netns.sh: status {process.returncode} after {time.monotonic() - started:.0f} s: {'ok' if held else 'FAILED'}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
