#!/usr/bin/env python3
"""Plants each mistake once and sees that tidy.py finds it, and nothing else."""
import tempfile
import unittest
from pathlib import Path

import tidy


def rules(path, text):
    found = []
    tidy.check_file(path, text, lambda _path, _line, rule, _reason: found.append(rule))
    return found


def tree(files):
    """What check_tree says about a tree of these files: rule and file."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        found = []
        tidy.check_tree(root, set(files), lambda path, _line, rule, reason: found.append((rule, path, reason)))
        return found


class Layers(unittest.TestCase):
    def test_allowed(self):
        for path, target in (
                ("agent/health/health_set.cc", "agent/health/health_set.h"),
                ("agent/health/health_set.cc", "common/async/clock.h"),
                ("agent/session/x.cc", "weir/control/v1/session.pb.h"),
                ("agent/enforce/gateway/gateway.cc", "agent/enforce/failover_machine.h"),
                ("agent/app/agent.cc", "agent/paths/path_service.h"),
                ("agent/main.cc", "agent/app/agent.h"),
                ("controller/registry/registry.cc", "controller/store/store.h"),
                ("controller/store/rocks/rocks_store.h", "controller/store/store.h"),
                ("controller/enrol/enroller.cc", "controller/ipam/address_pool.h"),
                ("controller/policy/rivals/l3.cc", "controller/policy/tuning.h"),
                ("controller/catalog/policies.cc", "controller/policy/rivals/rivals.h"),
                ("policy/main.cc", "controller/catalog/policies.h"),
                ("cli/command/status.cc", "cli/render/table.h"),
                ("common/rpc/server.cc", "common/async/clock.h"),
                ("common/rpc/server.cc", "common/rpc/call.h")):
            self.assertIsNone(tidy.include_complaint(path, target), (path, target))

    def test_refused(self):
        for path, target in (
                ("agent/health/health_set.cc", "agent/paths/path_service.h"),
                ("agent/enforce/failover_machine.cc", "agent/enforce/gateway/gateway.h"),
                ("agent/app/agent.cc", "controller/store/store.h"),
                ("controller/api/admin.cc", "agent/state/slot.h"),
                ("controller/registry/registry.cc", "controller/enrol/enroller.h"),
                ("controller/policy/policy.cc", "controller/policy/rivals/l3.h"),
                ("policy/main.cc", "controller/store/store.h"),
                ("common/rpc/server.cc", "agent/state/slot.h"),
                ("common/base/text.cc", "common/net/ip.h"),
                ("common/async/clock.cc", "common/rpc/call.h"),
                ("common/brand_new/x.cc", "common/net/ip.h"),
                ("cli/main.cc", "controller/api/admin.h"),
                ("agent/state/slot.cc", "slot.h"),
                ("agent/state/slot.cc", "tests/doubles/sim_clock.h")):
            self.assertIsNotNone(tidy.include_complaint(path, target), (path, target))


class Files(unittest.TestCase):
    def test_finds_each_planted_mistake(self):
        for path, line, rule in (
                ("agent/health/x.cc", "auto t = std::chrono::steady_clock::now();", "clock"),
                ("agent/health/x.cc", "std::mt19937 engine(1);", "random"),
                ("controller/api/x.cc", "#include <grpcpp/grpcpp.h>", "grpc"),
                ("controller/registry/x.cc", "#include <rocksdb/db.h>", "rocksdb"),
                ("agent/health/x.cc", "// " + "x" * 100, "width"),
                ("agent/health/x.cc", "// TO" + "DO: later", "unfinished")):
            self.assertEqual(rules(path, line), [rule], (path, line))

    def test_leaves_the_seams_alone(self):
        self.assertEqual(rules("common/async/clock.cc", "return std::chrono::steady_clock::now();"), [])
        self.assertEqual(rules("common/rpc/x.cc", "#include <grpcpp/grpcpp.h>"), [])
        self.assertEqual(rules("tests/unit/x.cc", "std::this_thread::yield();"), [])

    def test_headers_start_with_pragma_once(self):
        self.assertEqual(rules("agent/health/x.h", "#include <string>\n"), ["headers"])


class Tree(unittest.TestCase):
    # A module with one pure file, and a shell that may do what the pure one may not.
    WELL = {
        "agent/health/CMakeLists.txt": "weir_module(agent/health\n  PURE rise.cc  # decides\n  SHELL checker.cc)\n",
        "agent/health/README.md": "",
        "agent/health/rise.h": "#pragma once\n#include <string>\n",
        "agent/health/rise.cc": '#include "agent/health/rise.h"\n',
        "agent/health/checker.h": "#pragma once\n#include <boost/asio/awaitable.hpp>\n",
        "agent/health/checker.cc": '#include "agent/health/checker.h"\n#include <thread>\n',
    }

    def planted(self, files=None):
        return [(rule, path) for rule, path, _reason in tree({**self.WELL, **(files or {})})]

    def test_has_nothing_to_say_about_a_good_one(self):
        self.assertEqual(self.planted(), [])

    def test_holds_what_cmake_calls_pure_to_it(self):
        for header in ("boost/asio/io_context.hpp", "mutex", "fstream", "unistd.h", "grpcpp/grpcpp.h"):
            text = self.WELL["agent/health/rise.cc"] + f"#include <{header}>\n"
            self.assertEqual(self.planted(files={"agent/health/rise.cc": text}), [("pure", "agent/health/rise.cc")])

    def test_sees_through_headers_of_our_own(self):
        found = self.planted(files={
            "agent/health/rise.cc": '#include "agent/health/rise.h"\n#include "agent/health/between.h"\n',
            "agent/health/between.h": '#pragma once\n#include "agent/health/checker.h"\n'})
        self.assertEqual(found, [("pure", "agent/health/rise.cc")])

    def test_holds_the_header_of_a_pure_source_to_it_too(self):
        text = self.WELL["agent/health/rise.h"] + "#include <mutex>\n"
        found = self.planted(files={"agent/health/rise.h": text})
        self.assertEqual(sorted(found), [("pure", "agent/health/rise.cc"), ("pure", "agent/health/rise.h")])

    def test_knows_pure_folders_and_machines_without_cmake(self):
        for path in ("common/model/only.h", "agent/health/rise_machine.h"):
            found = self.planted(files={path: "#pragma once\n#include <thread>\n",
                                        "agent/health/checker.cc": f'#include "{path}"\n'
                                        '#include "agent/health/checker.h"\n'})
            self.assertEqual(found, [("pure", path)])

    def test_finds_dead_files_and_missing_readmes(self):
        self.assertEqual(self.planted(files={"agent/health/forgotten.cc": ""}), [("dead", "agent/health/forgotten.cc")])
        self.assertEqual(self.planted(files={"agent/health/forgotten.h": "#pragma once\n"}),
                         [("dead", "agent/health/forgotten.h")])
        self.assertEqual(self.planted(files={"agent/state/CMakeLists.txt": ""}),
                         [("readme", "agent/state/CMakeLists.txt")])

    def test_finds_a_type_that_is_two(self):
        well = "#pragma once\nnamespace weir::agent {\nclass Rise {\n};\n}  // namespace weir::agent\n"
        files = {"agent/health/rise.h": well, "agent/health/checker.h": well.replace("Rise {", "Rise final : public Top {")}
        self.assertEqual(self.planted(files=files), [("types", "agent/health/rise.h")])
        files["agent/health/checker.h"] = well.replace("weir::agent", "weir::other")
        self.assertEqual(self.planted(files=files), [])
        files["agent/health/checker.h"] = well.replace("class Rise", "namespace {\nclass Rise").replace("};\n", "};\n}  // namespace\n")
        self.assertEqual(self.planted(files=files), [])

    def test_common_has_no_circle(self):
        self.assertIsNone(tidy.circle(tidy.COMMON_MAY_INCLUDE))
        self.assertEqual(tidy.circle({"a": ("b",), "b": ("c",), "c": ("b",)}), ["b", "c", "b"])

    def test_lists_a_tree_without_git_and_leaves_its_builds_out(self):
        with tempfile.TemporaryDirectory() as folder:
            for path in ("common/base/x.h", "build/dev/y.h", ".git-not/z.h"):
                (Path(folder) / path).parent.mkdir(parents=True)
                (Path(folder) / path).write_text("")
            self.assertEqual(tidy.files_of(Path(folder)), ["common/base/x.h"])


if __name__ == "__main__":
    unittest.main()
