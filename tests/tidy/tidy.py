#!/usr/bin/env python3
"""Holds the rules of the tree that no compiler sees.

usage: tidy.py ROOT        prints FILE:LINE: rule: reason, exits 1 when a rule is broken

Each rule says why it is there; a rule without a reason is deleted.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

SOURCE = (".h", ".cc")
TOP = ("common", "agent", "controller", "cli", "netlab", "policy", "wg")

# A module may include itself, its parent folder, common and the generated protos (weir/..., grpc/...).
# What is listed here besides is a seam, with the decision that opened it.
SEAMS = {
    # The store's interface is what every controller module keeps its rows in.
    "controller/": ("controller/store/store.h",),
    # One transaction redeems a token, grants an address and registers the agent.
    "controller/enrol": ("controller/registry/", "controller/ipam/"),
    # Where the families of policies, which know nothing of each other, become one list.
    "controller/catalog": ("controller/policy/", "controller/learn/"),
    # A what-if is a question to the simulator.
    "controller/whatif": ("controller/simulate/",),
}

# weir-policy is a door to the controller's pure code, which nobody may write twice.
DOORS = {
    "policy": ("controller/catalog/", "controller/policy/", "controller/learn/", "controller/simulate/"),
}

# Which module of common may include which. Values at the bottom, then what waits, then what talks; a new arrow is a
# decision: it must not close a circle, and everything that includes the left side pays for the right one.
COMMON_MAY_INCLUDE = {
    "base": (),
    "net": ("base",),
    "sim": ("base",),
    "text": ("base",),
    "findings": ("base", "net", "text"),
    "os": ("base",),
    "aead": ("base", "crypto"),
    "async": ("base", "sim"),
    "config": ("base", "net"),
    "crypto": ("base", "net"),
    "model": ("base", "net", "sim"),
    "routing": ("base", "model", "sim"),
    "rpc": ("async", "base", "net"),
    "join": ("base", "crypto", "model", "net"),
    "obs": ("async", "base", "model", "net"),
    "offload": ("base",),
    "tunnel": ("aead", "async", "base", "crypto", "net", "offload", "os"),
    "tunnel_kernel": ("async", "base", "config", "crypto", "net", "obs", "os", "tunnel"),
}

# Pure code takes time and randomness as values and does nothing but decide. What is pure is said once, in the PURE
# lists of the CMakeLists; these folders and names are pure even where a header stands alone.
PURE = re.compile(
    r"(_machine\.(h|cc)$|^common/(base|net|model|offload|routing|sim)/|^controller/(catalog|policy|simulate|whatif)/)")
PURE_FORBIDS = re.compile(
    r"#include <(boost/asio|grpcpp|rocksdb|spdlog|thread|mutex|shared_mutex|condition_variable|future|sys/socket\.h"
    r"|sys/epoll\.h|unistd\.h|fcntl\.h|poll\.h|fstream)")
PURE_REASON = "pure code gets packets, events and time as arguments, so that it can be simulated"
WEIR_MODULE = re.compile(r"weir_module\(([^)]*)\)")
MODULE_WORDS = ("PURE", "SHELL", "PURE_NEEDS", "NEEDS")

# Where a clock may be read: the seam itself, and the programs that have no machine behind them.
CLOCK_READERS = ("common/async/clock.cc",)
CLOCK = re.compile(r"(system_clock|steady_clock|high_resolution_clock)::now\(|\bclock_gettime\(|\bgettimeofday\(")
RANDOM = re.compile(r"\b(std::random_device|std::mt19937|\brand\(\)|srand\(|getrandom\()")
RANDOM_READERS = ("common/crypto/random.cc",)

# A type of one name in one namespace must be one type, or a program that links both is silently wrong (ODR).
TYPE = re.compile(r"^(?:class|struct|enum class) (\w+)(?: final)?(?: : [^;{]*)? \{", re.M)
NAMESPACE = re.compile(r"^namespace ([\w:]+) \{", re.M)
UNNAMED = re.compile(r"^namespace \{.*?^\}  // namespace$", re.M | re.S)

WORDS = re.compile(r"\b(TODO|FIXME|XXX)\b")
INCLUDE = re.compile(r'^\s*#include\s+"([^"]+)"')
WIDTH = 100


def module_of(path):
    """common/rpc for common/rpc/x.h; agent/enforce/gateway for agent/enforce/gateway/x.h."""
    return path.rsplit("/", 1)[0] if "/" in path else path


def common_complaint(home, there):
    """Why one module of common may not include another, or None."""
    module, other = (folder.split("/")[1] if "/" in folder else folder for folder in (home, there))
    if module == other or other in COMMON_MAY_INCLUDE.get(module, ()):
        return None
    return (f"common/{module} may include {', '.join(COMMON_MAY_INCLUDE.get(module, ())) or 'nothing'} of common, "
            f"not {other}: COMMON_MAY_INCLUDE in tests/tidy lists the arrows")


def circle(edges):
    """The modules of a circle of includes, or None."""
    done, under_way = set(), []

    def visit(module):
        if module in under_way:
            return under_way[under_way.index(module):] + [module]
        if module in done:
            return None
        under_way.append(module)
        for other in edges.get(module, ()):
            found = visit(other)
            if found:
                return found
        under_way.pop()
        done.add(module)
        return None

    return next(filter(None, map(visit, edges)), None)


def pure_sources(path, text):
    """The files that the CMakeLists.txt at `path` declares PURE, headers of the same name not included."""
    folder, found = module_of(path), []
    for call in WEIR_MODULE.findall(re.sub(r"#.*", "", text)):
        word = None
        for token in call.split()[1:]:
            if token in MODULE_WORDS:
                word = token
            elif word == "PURE":
                found.append(f"{folder}/{token}")
    return found


def own_includes(sources):
    """For each file of ours, the lines and files of ours that it includes."""
    return {path: [(number, found.group(1)) for number, line in enumerate(text.split("\n"), 1)
                   if (found := INCLUDE.match(line)) and found.group(1) in sources]
            for path, text in sources.items()}


def check_pure(path, sources, includes, report):
    """That nothing `path` reaches through our own headers is forbidden to pure code."""
    seen, waiting = {path}, [(path, None, ())]
    while waiting:
        file, first_line, way = waiting.pop()
        for number, line in enumerate(sources[file].split("\n"), 1):
            if PURE_FORBIDS.search(line):
                through = f" (through {' -> '.join(way)})" if way else ""
                report(path, first_line or number, "pure", f"{line.strip()}{through}: {PURE_REASON}")
        for number, target in includes[file]:
            if target not in seen:
                seen.add(target)
                waiting.append((target, first_line or number, way + (target,)))


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
        return common_complaint(home, there) if top == "common" else None
    if any(target.startswith(door) for door in DOORS.get(top, ())):
        return None
    if any(target.startswith(door) for door in DOORS.get(top, ())):
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


def check_types(sources, report):
    """Each type is defined in one file."""
    homes = {}
    for path in sorted(path for path in sources if path.split("/")[0] in TOP):
        text = UNNAMED.sub("", sources[path])
        space = NAMESPACE.search(text)
        for name in set(TYPE.findall(text)) if space else ():
            home = homes.setdefault((space.group(1), name), path)
            if home != path:
                report(path, 1, "types", f"{space.group(1)}::{name} is defined in {home} as well")


def check_tree(root, files, report):
    """Rules about the tree as a whole."""
    lists = {f: (root / f).read_text() for f in sorted(files) if f.endswith("CMakeLists.txt") or f.endswith(".cmake")}
    cmake = "\n".join(lists.values())
    sources = {f: (root / f).read_text(errors="replace") for f in files if f.endswith(SOURCE)}
    included = set()
    for text in sources.values():
        included.update(m.group(1) for m in map(INCLUDE.match, text.split("\n")) if m)
    declared = {source for path, text in lists.items() for source in pure_sources(path, text)}
    pure = {path for path in sources if PURE.search(path) and path.split("/")[0] in TOP}
    for source in declared:
        pure.update({source, source.removesuffix(".cc") + ".h"} & sources.keys())
    includes = own_includes(sources)
    for path in sorted(pure):
        check_pure(path, sources, includes, report)
    closed = circle(COMMON_MAY_INCLUDE)
    if closed:
        report("tests/tidy/tidy.py", 1, "layers", "a circle in COMMON_MAY_INCLUDE: " + " -> ".join(closed))
    check_types(sources, report)
    for path in sorted(sources):
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


def files_of(root):
    """Every file that git has or would take; without git, every file outside of build/ and of hidden folders."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={root.resolve()}", "-C", str(root), "ls-files", "-co", "--exclude-standard"],
        capture_output=True, text=True)
    if listed.returncode == 0:
        return [f for f in listed.stdout.split("\n") if f and (root / f).is_file()]
    found = []
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if name not in ("build", "node_modules") and not name.startswith(".")]
        found += [str((Path(folder) / name).relative_to(root)) for name in names]
    return found


def main(root):
    files = files_of(root)
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
