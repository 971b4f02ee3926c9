#!/usr/bin/env python3
"""Every program that ships carries the hardening it was built with: read from the ELF files, not from the flags.

usage: hardening.py [PROGRAM...]      without one: every program in $WEIR_BIN but the benches, which do not ship
"""
import os
import re
import subprocess
import sys
from pathlib import Path

READELF = "llvm-readelf-19"
# What is looked for, in what readelf prints; and what its absence would allow.
MUST = (
    (r"\(FLAGS_1\).*\bPIE\b", "position independent (addresses could be known beforehand)"),
    (r"GNU_RELRO", "relocations read-only after start (the GOT could be overwritten)"),
    (r"\(FLAGS(_1)?\)\s+.*(BIND_NOW|NOW)", "every symbol bound at start (the GOT would stay writable)"),
    (r"GNU_STACK\s+\S+ \S+ \S+ \S+ \S+ RW ", "a stack that cannot be run"),
    (r"__stack_chk_fail", "stack protector"),
    (r"__(memcpy|memmove|memset|read|recv|snprintf|vsnprintf|fprintf|printf|fread|strncpy|realpath|poll)_chk",
     "checked library calls (_FORTIFY_SOURCE)"),
)
CHECKED = f"without {MUST[-1][1]}"
# snprintf is not among them: where clang sees that the size fits the buffer it calls the plain one.
CHECKABLE = r"\b(recv|recvfrom|fread|strncpy|realpath|poll|pread)@"
MUST_NOT = (
    (r"\((RPATH|RUNPATH)\)", "a library path of the building machine"),
    (r"\(TEXTREL\)", "code that is rewritten at start"),
    (r"LOAD\s+\S+ \S+ \S+ \S+ \S+ RWE", "memory that is writable and can be run"),
)


def read(program):
    return subprocess.run([READELF, "--wide", "--file-header", "--program-headers", "--dynamic", "--dyn-symbols", program],
                          capture_output=True, text=True, check=True).stdout


def complaints(text):
    found = [f"without {what}" for pattern, what in MUST if not re.search(pattern, text)]
    # A program that only computes calls nothing that could be checked: no file, no socket of its own.
    if CHECKED in found and not re.search(CHECKABLE, text):
        found.remove(CHECKED)
    return found + [f"has {what}" for pattern, what in MUST_NOT if re.search(pattern, text)]


def branch_protected(program):
    """Every function a pointer may lead to starts with ENDBR64 (-fcf-protection): looked for at main."""
    listed = subprocess.run(["llvm-objdump-19", "--disassemble-symbols=main", "--no-show-raw-insn", program],
                            capture_output=True, text=True, check=True).stdout
    return re.search(r"<main>:\s*\n\s*[0-9a-f]+:\s+endbr64", listed) is not None


def main(programs):
    if not programs:
        programs = sorted(path for path in Path(os.environ["WEIR_BIN"]).iterdir() if path.is_file() and os.access(path, os.X_OK)
                          and not path.name.startswith("weir-bench-"))
    bad = 0
    for program in programs:
        found = complaints(read(program))
        if not branch_protected(program):
            found.append("without branch protection (-fcf-protection)")
        bad += bool(found)
        print(f"{Path(program).name}: {'; '.join(found) or 'hardened'}")
    if not programs:
        print("FAIL: no program was found")
        return 1
    # The check itself can fail: the system's compiler, asked for none of it, must be refused.
    plain = Path(os.environ.get("TMPDIR", "/tmp")) / f"weir-plain-{os.getpid()}"
    try:
        subprocess.run(["clang++-19", "-x", "c++", "-", "-no-pie", "-Wl,-z,norelro", "-Wl,-z,execstack", "-fno-stack-protector",
                        "-o", plain], input="int main() {}", text=True, check=True)
        refused = complaints(read(plain))
        print(f"a program built without: {len(refused)} complaints")
        bad += len(refused) < 5 or branch_protected(plain)
    finally:
        plain.unlink(missing_ok=True)
    print("FAIL" if bad else "ok")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
