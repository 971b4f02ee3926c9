#!/usr/bin/env python3
"""Runs the quick choice of the policy bench, twice, and its search for settings once: every policy runs, the figures are
possible, the same runs come out the same, the plots are drawn."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.join(os.environ.get("WEIR_BIN", ROOT / "build/release/bin"), "weir-bench-policy")


def bench(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def main():
    with tempfile.TemporaryDirectory() as folder:
        found = pathlib.Path(folder, "found.json")
        text = bench("--quick", "--quiet", "--json", found, "--ours", "slate-continuous")
        print(text)
        result = json.loads(found.read_text())
        names = [policy["name"] for policy in result["policies"]]
        for name in ("best-static", "wrr-capacity", "waterfall", "slate-continuous", "prequal-geo"):
            assert name in names and name in text, name
        for policy in result["policies"]:
            assert len(policy["runs"]) == len(result["cells"]) == 2
            for cell in policy["runs"]:
                assert len(cell) == 2
                for run in cell:
                    shares = run["in_objective"]
                    assert 0 < shares[0] <= shares[1] <= shares[2] <= 1, (policy["name"], run)
                    assert abs(run["ok"] + run["errors"] + run["timeouts"] + run["shed"] - 1) < 1e-6, run
        again = pathlib.Path(folder, "again.json")
        bench("--quick", "--quiet", "--json", again, "--policies", "rings,prequal", "--threads", "1")
        for policy in json.loads(again.read_text())["policies"]:
            assert policy["runs"] == result["policies"][names.index(policy["name"])]["runs"], policy["name"]

        tuned = pathlib.Path(folder, "tuned.json")
        print(bench("tune", "--quick", "--policies", "waterfall", "--out", tuned))
        assert "threshold" in json.loads(tuned.read_text())["waterfall"]
        assert "waterfall*" in bench("--quick", "--quiet", "--policies", "waterfall*", "--tuned", tuned)

        plots = pathlib.Path(folder, "plots")
        subprocess.run([ROOT / "tests/bench/policy/plot.py", found, plots], check=True, stdout=subprocess.DEVNULL)
        drawn = {path.name: path.read_text() for path in plots.iterdir()}
        assert set(drawn) == {"summary.svg", "steady.svg", "brown-out.svg"}, drawn.keys()
        assert all(text.startswith("<svg") and "prequal-geo" in text for text in drawn.values())
    return 0


if __name__ == "__main__":
    sys.exit(main())
