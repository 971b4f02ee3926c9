#!/usr/bin/env python3
"""Draws what `scripts/bench policy --json FILE` found.

usage: plot.py FILE FOLDER

summary.svg     share within the three objectives, mean over all scenarios, one bar per policy
FAMILY.svg      share within the steered objective by load, one line per policy, mean over maps
"""
import html
import json
import pathlib
import sys

WIDTH, ROW = 860, 22
COLOURS = ("#3366aa", "#cc5533", "#449955", "#8855aa", "#aa8822", "#338899", "#bb4477", "#667788",
           "#77aa33", "#995533", "#5555cc", "#222222")
NAMES = ("tight", "middle", "wide")


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def share(policy, cell, objective):
    return mean(run["in_objective"][objective] for run in policy["runs"][cell])


def text(x, y, words, anchor="start", colour="#222"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{html.escape(words)}</text>'


def svg(height, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>\n'
            + "\n".join(body) + "\n</svg>\n")


def summary(found):
    cells = range(len(found["cells"]))
    rows = [(policy["name"], [mean(share(policy, cell, i) for cell in cells) for i in range(3)])
            for policy in found["policies"]]
    rows.sort(key=lambda row: -row[1][found["objective"]])
    left, width = 190, WIDTH - 190 - 70
    body = [text(left, 18, f"% of the offered requests within the objective, {len(found['cells'])} scenarios")]
    for number, (name, shares) in enumerate(rows):
        y = 34 + number * ROW
        body.append(text(left - 8, y + 12, name, "end"))
        for objective in range(3):
            height = 5
            body.append(f'<rect x="{left}" y="{y + objective * 6}" width="{width * shares[objective]:.1f}" '
                        f'height="{height}" fill="{COLOURS[objective]}"/>')
        body.append(text(left + width * max(shares) + 6, y + 12, f"{100 * shares[found['objective']]:.1f}"))
    for objective in range(3):
        body.append(text(left + objective * 90, 50 + len(rows) * ROW, NAMES[objective], colour=COLOURS[objective]))
    return svg(60 + len(rows) * ROW, body)


def family_lines(found, family):
    cells = [i for i, cell in enumerate(found["cells"]) if cell["family"] == family]
    loads = sorted({found["cells"][i]["load"] for i in cells})
    lines = []
    for policy in found["policies"]:
        points = [mean(share(policy, i, found["objective"]) for i in cells if found["cells"][i]["load"] == load)
                  for load in loads]
        lines.append((policy["name"], points))
    lines.sort(key=lambda line: -mean(line[1]))
    left, top, width, height = 60, 40, 560, 380
    low = max(0.0, min(min(points) for _, points in lines) - 0.02)

    def x(load):
        span = loads[-1] - loads[0]
        return left + (width * (load - loads[0]) / span if span else width / 2)

    def y(value):
        return top + height * (1 - (value - low) / (1 - low))

    body = [text(left, 20, f"{family}: % within the {NAMES[found['objective']]} objective by load, mean over maps")]
    for step in range(6):
        value = low + (1 - low) * step / 5
        body.append(f'<line x1="{left}" x2="{left + width}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>')
        body.append(text(left - 6, y(value) + 4, f"{100 * value:.0f}", "end"))
    for load in loads:
        body.append(text(x(load), top + height + 18, f"{load:g}", "middle"))
    for number, (name, points) in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        dash = ' stroke-dasharray="5 3"' if number >= len(COLOURS) else ""
        path = " ".join(f"{x(load):.1f},{y(value):.1f}" for load, value in zip(loads, points))
        body.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>')
        body.extend(f'<circle cx="{x(load):.1f}" cy="{y(value):.1f}" r="2.5" fill="{colour}"/>'
                    for load, value in zip(loads, points))
        body.append(text(left + width + 14, top + 10 + number * 16, f"{name} {100 * mean(points):.1f}", colour=colour))
    return svg(max(top + height + 40, top + 30 + 16 * len(lines)), body)


def main(source, folder):
    found = json.loads(pathlib.Path(source).read_text())
    out = pathlib.Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    (out / "summary.svg").write_text(summary(found))
    for family in sorted({cell["family"] for cell in found["cells"]}):
        (out / f"{family}.svg").write_text(family_lines(found, family))
    print(f"{out}: summary.svg and one per family")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    main(sys.argv[1], sys.argv[2])
