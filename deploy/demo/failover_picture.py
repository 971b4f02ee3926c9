"""A failover as the clients saw it: an SVG of where the requests of each region were answered, over time."""

STEP_S = 0.25
WIDTH, LEFT, RIGHT, TOP, BAND, GAP, BOTTOM = 900, 130, 24, 66, 86, 14, 66
COLOURS = ("#2378b5", "#d9822b", "#3a9a78")
LOST = "#c8281e"
SECONDS_SHOWN = 9  # of the animation
STYLE = """
  text { font: 13px system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; fill: #24313c; }
  .small { font-size: 11.5px; fill: #5a6874; }
  .title { font-size: 16px; font-weight: 650; }
  .ground { fill: #ffffff; }
  .band { fill: #eef1f4; }
  .fault { stroke: #c8281e; stroke-width: 1.5; stroke-dasharray: 4 3; }
  .cut { fill: #c8281e; font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4ebf0; } .small { fill: #a9b7c2; } .ground { fill: #0e1317; } .band { fill: #1a232a; }
    .fault { stroke: #ff8a7e; } .cut { fill: #ff8a7e; }
  }
"""


def counts_of(requests, regions, start, steps):
    """[step][region or "lost"]: requests due in that step."""
    rows = [dict.fromkeys((*regions, "lost"), 0) for _ in range(steps)]
    for request in requests:
        step = int((request["due"] - start) / STEP_S)
        if 0 <= step < steps:
            good = not request["lost"] and request["status"] == 200 and request["region"] in regions
            rows[step][request["region"] if good else "lost"] += 1
    return rows


def figures_of(requests, broken_region, broken):
    """What became of it, in words of numbers."""
    every = [request for of_region in requests.values() for request in of_region if request["due"] >= broken]
    lost = [request for request in every if request["lost"] or request["status"] != 200]
    again = [request for request in every if request["tried"] and request not in lost]
    late = [request for request in every if request["region"] == broken_region]
    touched = [request["due"] - broken for request in lost + again + late]
    return {"requests": len(every), "lost": len(lost), "tried_again": len(again), "last_ms": round(max([*touched, 0]) * 1000)}


def bars(rows, order, top, start_x, step_width):
    parts = []
    for index, row in enumerate(rows):
        total = sum(row.values())
        below = 0.0
        for name, colour in order:
            if total == 0 or row[name] == 0:
                continue
            height = BAND * row[name] / total
            parts.append(f'<rect x="{start_x + index * step_width:.1f}" y="{top + BAND - below - height:.1f}" '
                         f'width="{step_width + 0.3:.1f}" height="{height:.1f}" fill="{colour}"/>')
            below += height
    return "".join(parts)


def share_before(rows, region, until):
    total = sum(sum(row.values()) for row in rows[:until])
    return sum(row[region] for row in rows[:until]) / total if total else 0


def draw(requests, regions, broken_region, broken, before_s, after_s):
    """(SVG, one line of figures). `requests`: by source region, as LoadLog has them; `broken`: when, in seconds since 1970."""
    steps = round((before_s + after_s) / STEP_S)
    cut = round(before_s / STEP_S)
    span = WIDTH - LEFT - RIGHT
    step_width = span / steps
    x_of = lambda second: LEFT + (second + before_s) / (before_s + after_s) * span  # noqa: E731
    order = [*zip(regions, COLOURS), ("lost", LOST)]
    figures = figures_of(requests, broken_region, broken)
    height = TOP + len(regions) * (BAND + GAP) + BOTTOM
    words = (f"{figures['lost']} of {figures['requests']} requests lost, {figures['tried_again']} met a dead server and were answered "
             f"elsewhere, the last of them {figures['last_ms']} ms after the fault")
    drawn, names = [], []
    for index, region in enumerate(regions):
        top = TOP + index * (BAND + GAP)
        rows = counts_of(requests[region], regions, broken - before_s, steps)
        names.append(f'<text x="{LEFT - 12}" y="{top + BAND / 2}" text-anchor="end">{region}</text>'
                     f'<text class="small" x="{LEFT - 12}" y="{top + BAND / 2 + 16}" text-anchor="end">'
                     f'{share_before(rows, broken_region, cut):.0%} to {broken_region}</text>'
                     + f'<rect class="band" x="{LEFT}" y="{top}" width="{span}" height="{BAND}"/>')
        drawn.append(bars(rows, order, top, LEFT, step_width))
    bottom = TOP + len(regions) * (BAND + GAP) - GAP
    ticks = "".join(f'<text class="small" x="{x_of(second):.1f}" y="{bottom + 18}" text-anchor="middle">'
                    f'{second:+d} s</text>'.replace("+0 s", "0 s") for second in range(-before_s, after_s + 1, 2))
    legend, x = "", LEFT
    for name, colour in order:
        if name == "lost" and figures["lost"] == 0:
            continue
        text = "lost" if name == "lost" else f"answered in {name}"
        legend += f'<rect x="{x}" y="{bottom + 34}" width="12" height="12" rx="2" fill="{colour}"/>' \
                  f'<text class="small" x="{x + 18}" y="{bottom + 44}">{text}</text>'
        x += 34 + 6.6 * len(text)
    title = f"Both servers of {broken_region} are killed: who answers the requests of each region"
    # Shown whole where nothing moves: the animation only uncovers it.
    svg = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}. {words}.">
<style>{STYLE}</style>
<rect class="ground" width="{WIDTH}" height="{height}" rx="8"/>
<text class="title" x="{LEFT}" y="26">{title}</text>
<text class="small" x="{LEFT}" y="46">{words}</text>
{"".join(names)}
<clipPath id="until"><rect x="{LEFT}" y="0" width="{span}" height="{height}">
<animate attributeName="width" values="0;{span};{span}" keyTimes="0;0.75;1" dur="{SECONDS_SHOWN + 3}s" repeatCount="indefinite"/>
</rect></clipPath>
<g clip-path="url(#until)" shape-rendering="crispEdges">{"".join(drawn)}</g>
<line class="fault" x1="{x_of(0):.1f}" x2="{x_of(0):.1f}" y1="{TOP - 8}" y2="{bottom + 4}"/>
{ticks}
{legend}
</svg>
"""
    return svg, words
