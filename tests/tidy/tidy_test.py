#!/usr/bin/env python3
"""Plants each mistake once and sees that tidy.py finds it, and nothing else."""
import unittest

import tidy


def rules(path, text):
    found = []
    tidy.check_file(path, text, lambda _path, _line, rule, _reason: found.append(rule))
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
                ("cli/command/status.cc", "cli/render/table.h"),
                ("common/rpc/server.cc", "common/async/clock.h")):
            self.assertIsNone(tidy.include_complaint(path, target), (path, target))

    def test_refused(self):
        for path, target in (
                ("agent/health/health_set.cc", "agent/paths/path_service.h"),
                ("agent/enforce/failover_machine.cc", "agent/enforce/gateway/gateway.h"),
                ("agent/app/agent.cc", "controller/store/store.h"),
                ("controller/api/admin.cc", "agent/state/slot.h"),
                ("controller/registry/registry.cc", "controller/enrol/enroller.h"),
                ("common/rpc/server.cc", "agent/state/slot.h"),
                ("cli/main.cc", "controller/api/admin.h"),
                ("agent/state/slot.cc", "slot.h"),
                ("agent/state/slot.cc", "tests/doubles/sim_clock.h")):
            self.assertIsNotNone(tidy.include_complaint(path, target), (path, target))


class Files(unittest.TestCase):
    def test_finds_each_planted_mistake(self):
        for path, line, rule in (
                ("agent/health/x.cc", "auto t = std::chrono::steady_clock::now();", "clock"),
                ("agent/health/x.cc", "std::mt19937 engine(1);", "random"),
                ("agent/health/health_machine.cc", "#include <boost/asio/io_context.hpp>", "pure"),
                ("common/model/x.cc", "#include <thread>", "pure"),
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


if __name__ == "__main__":
    unittest.main()
