#!/usr/bin/env python3
"""The dashboard in Chromium against a real controller with three real agents: dashboard/browser/drive.mjs has the steps.

    usage: dashboard.py [FOLDER]      where the screenshots stay; else they go with the run
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["WEIR_DEMO_RUN"] = f"/run/weir-web{os.getpid()}"
sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "demo"))

from lab import REGIONS, DemoError, running_lab  # noqa: E402


def main(folder):
    subprocess.run([ROOT / "scripts" / "dev" / "build-dashboard", "install"], check=True)
    with running_lab() as lab:
        lab.up(1, print, web_role="nothing")
        lab.wait_for_mesh()
        for region in REGIONS:
            lab.start_client(region, 40, every=False)
        tokens = {f"WEIR_{role.upper()}": lab.weirctl("access", "create", name, "--role", role)["secret"]
                  for name, role in (("vera", "viewer"), ("ann", "operator"), ("ada", "admin"))}
        drive = subprocess.run(
            [ROOT / "scripts" / "dev" / "with-node", "node", ROOT / "dashboard" / "browser" / "drive.mjs",
             f"http://127.0.0.1:{lab.web_port}", folder],
            env={**os.environ, **tokens, "WEIR_DEMO": str(ROOT / "deploy" / "demo" / "demo.py")}, check=False)
    if drive.returncode != 0:
        return drive.returncode
    # The lab is down: a large mesh is generated, and needs the machine for itself.
    return subprocess.run([ROOT / "scripts" / "dev" / "with-node", "node", ROOT / "dashboard" / "browser" / "scale.mjs",
                           "--seconds", "5", "--only", "map,graph,services,matrix"], check=False).returncode


if __name__ == "__main__":
    try:
        if len(sys.argv) > 1:
            sys.exit(main(sys.argv[1]))
        with tempfile.TemporaryDirectory() as screenshots:
            sys.exit(main(screenshots))
    except DemoError as error:
        print(f"FAILED {error}")
        sys.exit(1)
