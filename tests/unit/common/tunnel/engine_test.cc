#include "common/tunnel/engine.h"

#include <gtest/gtest.h>

#include "common/tunnel/messages.h"
#include "tests/doubles/tunnel_world.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct TwoNodes : testing::Test {
  TwoNodes() {
    a = world.add();
    b = world.add();
    world.join(a, b);
  }
  TunnelWorld world{1};
  std::size_t a = 0;
  std::size_t b = 0;
};

using Engines = TwoNodes;

TEST_F(Engines, ShakeHandsAndDeliverInBothDirections) {
  EXPECT_EQ(world.send(a, b, 7), InnerVerdict::staged);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b), std::vector<std::uint64_t>{7});
  EXPECT_EQ(world.send(b, a, 8), InnerVerdict::sent);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(a), std::vector<std::uint64_t>{8});
  EXPECT_EQ(world.count(wire::k_initiation), 1U);
  EXPECT_EQ(world.count(wire::k_response), 1U);
}

}  // namespace
}  // namespace weir
