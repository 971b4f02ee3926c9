"""Where the two ends of a tunnel spend their time under one TCP stream: a flame graph and nanoseconds per packet.

Samples both weir-wg processes with perf (Debian's linux-perf), cuts the stacks into what a packet goes through, and
divides by the packets that went by. Width in the picture is processor time, not order.
"""
import collections
import html
import os
import re
import subprocess
import tempfile
from pathlib import Path

HERTZ = 997
TCP_PAYLOAD = 1368  # bytes, of a packet of 1420 with time stamps
# The first that any frame of the stack matches.
PARTS = [
    ("cipher: ChaCha20 and Poly1305", r"vector_seal|vector_open|stream16|chacha|poly1305|EVP_"),
    ("UDP: receive", r"recvmmsg"),
    ("UDP: send, with what the veth does with it", r"sendm+sg"),
    ("TUN: read", r"tun_chr_read|ksys_read"),
    ("TUN: write, with TCP's receiving side", r"tun_chr_write|do_writev"),
    ("waiting: poll, yield", r"ppoll|yield"),
    ("engine: sessions, routing, counters, cutting and joining", r"."),
]


def sample(pids, seconds, file):
    return subprocess.Popen(["perf", "record", "-q", "-F", str(HERTZ), "-e", "cpu-clock", "--call-graph", "dwarf,8192", "-p",
                             ",".join(map(str, pids)), "-o", file, "--", "sleep", str(seconds)], stdout=subprocess.DEVNULL)


def stacks(file):
    """Stack, from the root down: samples."""
    text = subprocess.run(["perf", "script", "-i", file, "-F", "ip,sym,dso"], capture_output=True, text=True, check=True).stdout
    found = collections.Counter()
    for block in text.split("\n\n"):
        frames = []
        for line in block.strip().splitlines():
            name = re.sub(r"^[0-9a-f]+ ", "", line.strip())
            name = re.sub(r" \([^()]*\)$", "", name)
            frames.append(short(name))
        if frames:
            found[tuple(reversed(frames))] += 1
    return found


def short(name):
    name = re.sub(r"\((?!anonymous).*", "", name.replace("(anonymous namespace)::", "")).replace("weir::", "")
    while re.search(r"<[^<>]*>", name):
        name = re.sub(r"<[^<>]*>", "", name)
    return name if name != "[unknown]" else "?"


def part_of(stack):
    return next(name for name, pattern in PARTS if any(re.search(pattern, frame) for frame in stack))


def draw(found, title, file):
    """Frames of less than a thousandth are left out."""
    width, row = 1180, 16
    whole = sum(found.values())
    rects = []
    deepest = 0

    def lay(entries, depth, left):
        nonlocal deepest
        groups = collections.OrderedDict()
        for stack, count in sorted(entries):
            if len(stack) > depth:
                groups.setdefault(stack[depth], []).append((stack, count))
        for name, inside in groups.items():
            count = sum(c for _, c in inside)
            if count / whole >= 0.001:
                rects.append((name, left, count, depth))
                deepest = max(deepest, depth)
                lay(inside, depth + 1, left)
            left += count
    lay(list(found.items()), 0, 0)
    height = (deepest + 3) * row
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width + 20}" height="{height}" font-family="monospace" font-size="11">',
           f'<rect width="100%" height="100%" fill="#ffffff"/><text x="10" y="15" font-size="13">{html.escape(title)}</text>']
    for name, left, count, depth in rects:
        x, w = 10 + left / whole * width, count / whole * width
        y = height - (depth + 1) * row - 4
        hue = 210 if re.search(PARTS[0][1], name) else 30 + 17 * (sum(map(ord, name)) % 3)
        shown = html.escape(name if len(name) * 6.7 < w - 4 else name[:max(0, int((w - 10) / 6.7))] + "…" if w > 30 else "")
        out.append(f'<g><title>{html.escape(name)}: {100 * count / whole:.1f} %</title><rect x="{x:.1f}" y="{y}" width="{max(w - 0.5, 0.3):.1f}" '
                   f'height="{row - 1}" fill="hsl({hue} 75% 72%)"/><text x="{x + 3:.1f}" y="{y + 11}">{shown}</text></g>')
    Path(file).write_text("\n".join(out) + "\n</svg>\n")


def profile(contender, cpu_of, tcp, seconds, picture):
    """Draws `picture` and prints the table; `tcp` and `cpu_of` are the bench's own."""
    with tempfile.TemporaryDirectory() as scratch:
        file = os.path.join(scratch, "perf.data")
        taken = sample(contender.pids(), seconds - 1, file)
        before = sum(map(cpu_of, contender.pids()))
        result = tcp(contender, 1, True, seconds)
        spent = sum(map(cpu_of, contender.pids())) - before
        taken.wait()
        found = stacks(file)
    packets = result["gbps"] * 1e9 / 8 / TCP_PAYLOAD * seconds
    each = 1e9 * spent / packets
    parts = collections.Counter()
    for stack, count in found.items():
        parts[part_of(stack)] += count
    whole = sum(parts.values())
    print(f"{result['gbps']:.2f} Gbit/s, {each:.0f} ns of both ends' processor time per packet, {whole} samples")
    for name, _ in PARTS:
        print(f"{name:<60} {100 * parts[name] / whole:5.1f} %  {each * parts[name] / whole:6.0f} ns")
    draw(found, f"weir-wg, both ends, one TCP stream at {result['gbps']:.2f} Gbit/s, perf beside it", picture)
