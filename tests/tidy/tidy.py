#!/usr/bin/env python3
"""Holds the rules of the tree that no compiler sees.

usage: tidy.py ROOT        prints FILE:LINE: rule: reason, exits 1 when a rule is broken

Each rule says why it is there; a rule without a reason is deleted.
"""
import re
import subprocess
import sys
from pathlib import Path

SOURCE = (".h", ".cc")
TOP = ("common", "agent", "controller", "cli", "netlab", "wg")

# A module may include itself, its parent folder, common and the generated protos (weir/..., grpc/...).
# What is listed here besides is a seam, with the decision that opened it.
SEAMS = {
    # The store's interface is what every controller module keeps its rows in.
    "controller/": ("controller/store/store.h",),
    # One transaction redeems a token, grants an address and registers the agent.
    "controller/enrol": ("controller/registry/", "controller/ipam/"),
}

# Pure code takes time and randomness as values and does nothing but decide.
PURE = re.compile(
    r"(_machine\.(h|cc)$|^common/(base|net|model|routing|sim)/|^controller/policy/|^controller/simulate/"
    r"|^common/tunnel/((engine|noise|peer|cookie|allowed_ips|replay|timers)[a-z_]*|uapi)\.(h|cc)$)")
PURE_FORBIDS = re.compile(
    r"#include <(boost/asio|grpcpp|rocksdb|spdlog|thread|mutex|condition_variable|sys/socket\.h|unistd\.h|fstream)")

# Where a clock may be read: the seam itself, and the programs that have no machine behind them.
CLOCK_READERS = ("common/async/clock.cc",)
CLOCK = re.compile(r"(system_clock|steady_clock|high_resolution_clock)::now\(|\bclock_gettime\(|\bgettimeofday\(")
RANDOM = re.compile(r"\b(std::random_device|std::mt19937|\brand\(\)|srand\(|getrandom\()")
RANDOM_READERS = ("common/crypto/random.cc",)

WORDS = re.compile(r"\b(TODO|FIXME|XXX)\b")
INCLUDE = re.compile(r'^\s*#include\s+"([^"]+)"')
WIDTH = 100


def module_of(path):
    """common/rpc for common/rpc/x.h; agent/enforce/gateway for agent/enforce/gateway/x.h."""
    return path.rsplit("/", 1)[0] if "/" in path else path


def include_complaint(path, target):
    """Why `path` may not include `target`, or None."""
    top = path.split("/")[0]
    if top not in TOP:
        return None
    home, there = module_of(path), module_of(target)
    target_top = target.split("/")[0]
    if target_top in ("weir", "grpc") or target.endswith(".pb.h"):
        return None
    if target_top == "tests":
        return "the product does not include its tests"
    if target_top not in TOP:
        return f"includes of our own are written from the root of the tree, not {target}"
    if target_top == "common":
        return None
    if target_top != top:
        return f"{top} may include common and the protos, not {target_top}: agent and controller share only values"
    if top == "cli" or home == there or home.startswith(there + "/"):
        return None
    if home in ("agent", "agent/app", "controller", "controller/app"):
        return None
    for prefix, allowed in SEAMS.items():
        if (home + "/").startswith(prefix.rstrip("/") + "/") and any(target.startswith(a) for a in allowed):
            return None
    if top == "common":
        return None
    return f"{home} may not include its sibling {there}: app wires modules together, values go through common/model"


def check_file(path, text, report):
    """Every rule that needs one file only. `path` is relative to the root."""
    product = path.split("/")[0] in TOP
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > WIDTH and "http" not in line:
            report(path, number, "width", f"{len(line)} columns; {WIDTH} fit beside a diff")
        if WORDS.search(line):
            report(path, number, "unfinished", "open work belongs into the tracker, not into the source")
        found = INCLUDE.match(line)
        if found:
            complaint = include_complaint(path, found.group(1))
            if complaint:
                report(path, number, "layers", complaint)
        if product and PURE.search(path) and PURE_FORBIDS.search(line):
            report(path, number, "pure", "pure code gets packets, events and time as arguments, so that it can be simulated")
        if product and CLOCK.search(line) and path not in CLOCK_READERS:
            report(path, number, "clock", "time comes through Clock, so that tests and simulation can move it")
        if product and RANDOM.search(line) and path not in RANDOM_READERS:
            report(path, number, "random", "decisions draw from a seeded Rng, keys from common/crypto/random.h")
        if "#include <grpcpp" in line and product and not path.startswith("common/rpc/"):
            report(path, number, "grpc", "common/rpc is the only bridge to gRPC; its ten rules are tested there")
        if "#include <rocksdb" in line and product and not path.startswith("controller/store/rocks/"):
            report(path, number, "rocksdb", "controller/store/rocks is the only user; others see Store")
        if path.endswith(".h") and line.startswith("#include <boost/asio.hpp>") and not path.startswith("cmake/pch/"):
            report(path, number, "headers", "asio.hpp costs two seconds in every file that includes this header")
    if path.endswith(".h") and product and not text.startswith("#pragma once"):
        report(path, 1, "headers", "a header starts with #pragma once")


def check_tree(root, files, report):
    """Rules about the tree as a whole."""
    cmake = "\n".join((root / f).read_text() for f in files if f.endswith("CMakeLists.txt") or f.endswith(".cmake"))
    sources = {f: (root / f).read_text(errors="replace") for f in files if f.endswith(SOURCE)}
    included = set()
    for text in sources.values():
        included.update(m.group(1) for m in map(INCLUDE.match, text.split("\n")) if m)
    for path in sources:
        name = path.rsplit("/", 1)[-1]
        if path.endswith(".cc") and name not in cmake:
            report(path, 1, "dead", "no CMakeLists.txt names it")
        if path.endswith(".h") and path not in included and not path.startswith("cmake/pch/"):
            report(path, 1, "dead", "no file includes it")
    for path in files:
        parts = path.split("/")
        if path.endswith("/CMakeLists.txt") and parts[0] in ("common", "agent", "controller") and len(parts) > 2:
            if module_of(path) + "/README.md" not in files:
                report(path, 1, "readme", "a module says on half a page what it is for: job, inputs, outputs, thread, invariants")


def main(root):
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"],
                            capture_output=True, text=True, check=True).stdout.split("\n")
    files = [f for f in listed if f and (root / f).is_file()]
    broken = []

    def report(path, line, rule, reason):
        broken.append(f"{path}:{line}: {rule}: {reason}")

    for path in files:
        if path.endswith(SOURCE):
            check_file(path, (root / path).read_text(errors="replace"), report)
    check_tree(root, set(files), report)
    print("\n".join(broken + [f"{len(broken)} broken rules in {len(files)} files"]))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
