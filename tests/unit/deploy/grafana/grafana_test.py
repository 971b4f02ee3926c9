#!/usr/bin/env python3
"""What can be said of dashboard, alerts and their documents without a running mesh."""
import importlib.util
import itertools
import json
import re
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[4]
GRAFANA = ROOT / "deploy" / "grafana"
SUFFIX = re.compile(r"_(bucket|sum|count)$")
NAME = re.compile(r"\b((?:weir|process)_[a-z_]+)")
DOCUMENTED = set(re.findall(r"^\| `([a-z_]+)`", (ROOT / "docs" / "metrics.md").read_text(), re.M))


def generator():
    spec = importlib.util.spec_from_file_location("make_dashboard", GRAFANA / "make_dashboard.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def unknown_names(text):
    return {name for name in NAME.findall(text) if name not in DOCUMENTED and SUFFIX.sub("", name) not in DOCUMENTED}


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.made = json.loads((GRAFANA / "weir.json").read_text())
        self.panels = self.made["panels"]

    def test_is_what_its_generator_writes(self):
        self.assertEqual(self.made, generator().dashboard(), "run deploy/grafana/make_dashboard.py")
        self.assertEqual(generator().main(["--check"]), 0)

    def test_has_panels_side_by_side(self):
        self.assertEqual(len({panel["id"] for panel in self.panels}), len(self.panels))
        self.assertEqual(len({panel["title"] for panel in self.panels if panel["type"] != "row"}),
                         sum(panel["type"] != "row" for panel in self.panels))
        for one, other in itertools.combinations([panel["gridPos"] for panel in self.panels], 2):
            self.assertLessEqual(one["x"] + one["w"], 24)
            apart = (one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
                     or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"])
            self.assertTrue(apart, f"{one} lies on {other}")

    def test_asks_for_what_is_documented_through_its_variables(self):
        names = {variable["name"] for variable in self.made["templating"]["list"]}
        for panel in self.panels:
            for target in panel.get("targets", ()):
                self.assertEqual(unknown_names(target["expr"]), set(), panel["title"])
                self.assertLessEqual(set(re.findall(r"\$(\w+)", target["expr"])), names | {"__rate_interval"}, panel["title"])
                self.assertIn('mesh=~"$mesh"', target["expr"], panel["title"])


class Alerts(unittest.TestCase):
    def setUp(self):
        text = (GRAFANA / "alerts.yml").read_text()
        self.rules = re.split(r"^ {6}- alert: ", text, flags=re.M)[1:]
        self.names = [rule.split("\n")[0] for rule in self.rules]
        self.sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", (ROOT / "docs/operate/alerts.md").read_text(), re.M | re.S))

    def test_are_each_explained_and_tested(self):
        self.assertEqual(self.names, list(self.sections))
        tests = (GRAFANA / "alerts_test.yml").read_text()
        for name, rule in zip(self.names, self.rules):
            self.assertIn(f"runbook_url: docs/operate/alerts.md#{name.lower()}\n", rule)
            for part in ("severity: ", "summary: ", "description: "):
                self.assertIn(part, rule, name)
            self.assertIn(f'alertname="{name}"', tests)
            self.assertEqual(unknown_names(rule), set(), name)

    def test_have_sections_that_say_what_to_look_at_and_which_command_helps(self):
        commands = re.findall(r"^## (weirctl .*)$", (ROOT / "docs" / "weirctl.md").read_text(), re.M)
        for name, section in self.sections.items():
            self.assertIn("\n- First: ", section, name)
            used = re.findall(r"`(weirctl [^`]*)`", section)
            self.assertTrue(used, name)
            for words in used:
                self.assertTrue(any((words + " ").startswith(command + " ") for command in commands), f"{name}: {words}")


if __name__ == "__main__":
    unittest.main()
