#!/usr/bin/env python3
"""From `scripts/demo --open`, once it is built, to a live map in a browser: at most 20 s.

usage: first_value.py [FOLDER]      where the screenshot stays
"""
import os
import pty
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 20
PATHS = 6
GIVEN_UP_S = 120


def opener(folder):
    """An xdg-open that writes down what it is to open."""
    program = folder / "xdg-open"
    program.write_text(f'#!/bin/sh\necho "$1" >{folder}/url.new\nmv {folder}/url.new {folder}/url\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "WEIR_DEMO_RUN": f"/run/weir-fv{os.getpid()}"}


def drain(terminal):
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        pass  # the demo has ended


def main(folder):
    subprocess.run([ROOT / "scripts" / "dev" / "build-dashboard", "install"], check=True)
    with tempfile.TemporaryDirectory() as scratch:
        env = opener(Path(scratch))
        here, there = pty.openpty()
        start = time.monotonic()
        demo = subprocess.Popen([ROOT / "scripts" / "demo", "--open"], stdin=there, stdout=there, stderr=there, env=env,
                                start_new_session=True)
        os.close(there)
        threading.Thread(target=drain, args=(here,), daemon=True).start()
        try:
            url = Path(scratch) / "url"
            while not url.exists():
                if demo.poll() is not None or time.monotonic() - start > GIVEN_UP_S:
                    sys.exit("FAILED the demo opened nothing")
                time.sleep(0.02)
            opened = time.monotonic() - start
            seen = subprocess.run([ROOT / "scripts" / "dev" / "with-node", "node",
                                   ROOT / "dashboard" / "browser" / "first_value.mjs", url.read_text().strip(), str(PATHS),
                                   Path(folder) / "first-value.png"], check=False)
            took = time.monotonic() - start
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(timeout=60)
    print(f"  the browser was called after {opened:.1f} s; the map was live after {took:.1f} s")
    return 0 if seen.returncode == 0 and took <= WITHIN_S else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(sys.argv[1]))
    with tempfile.TemporaryDirectory() as screenshots:
        sys.exit(main(screenshots))
