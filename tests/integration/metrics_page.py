"""Pages of metrics as they are served, and the reference that is written from them."""
import re

SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? \S+$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="(?:[^"\\]|\\.)*"')
PARTS = re.compile(r"_(bucket|sum|count)$")

HEAD = """# Metrics

Agents and controller serve `/metrics` on `metrics.listen` in the text format of Prometheus. Names follow its practice: base units,
`_total` for counters, shares from 0 to 1. `from` and `to` are regions, `from_agent` and `to_agent` agents. Of one metric at most 10 000
lines are written; what is left out counts in `weir_metrics_series_dropped_total`. A dashboard and alerts: `deploy/grafana`.

Written by `tests/integration/metrics.py --write` from the pages of running processes; the same test holds it.
"""
SECTIONS = (("Every process", {"agent", "controller"}), ("Agents", {"agent"}), ("The controller", {"controller"}))


class Metric:
    def __init__(self, kind, text):
        self.kind, self.text = kind, text
        self.labels, self.told_by = set(), set()


def read(pages):
    """{name: Metric} of [(component, page)]."""
    metrics = {}
    for component, page in pages:
        texts = {}
        for line in page.splitlines():
            if line.startswith("# HELP "):
                _, _, name, text = line.split(" ", 3)
                texts[name] = text
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                metric = metrics.setdefault(name, Metric(kind, texts[name]))
                metric.told_by.add(component)
            elif line:
                name, labels = SAMPLE.match(line).groups()
                name = name if name in metrics else PARTS.sub("", name)
                metrics[name].labels.update(set(LABEL.findall(labels or "")) - {"le"})
    return metrics


def reference(metrics):
    """docs/metrics.md."""
    parts = [HEAD]
    for title, told_by in SECTIONS:
        parts.append(f"## {title}\n\n| metric | type | labels | what it is |\n|---|---|---|---|")
        for name, metric in sorted(metrics.items()):
            if metric.told_by == told_by:
                labels = ", ".join(f"`{label}`" for label in sorted(metric.labels))
                parts.append(f"| `{name}` | {metric.kind} | {labels} | {metric.text} |")
        parts.append("")
    return "\n".join(parts)
