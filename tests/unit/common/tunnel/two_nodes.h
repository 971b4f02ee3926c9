#pragma once

#include <gtest/gtest.h>

#include "tests/doubles/tunnel_world.h"

namespace weir {

/// Two engines that know each other.
struct TwoNodes : testing::Test {
  TwoNodes() {
    a = world.add();
    b = world.add();
    world.join(a, b);
  }
  /// A session that `a` initiated and used, and a quiet wire.
  void connect() {
    world.send(a, b, 0);
    world.run(std::chrono::seconds(1));
    ASSERT_EQ(world.delivered(b).size(), 1U);
  }
  TunnelWorld world{1};
  std::size_t a = 0;
  std::size_t b = 0;
};

}  // namespace weir
