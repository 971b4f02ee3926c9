#include "controller/steer/experience.h"

#include <bit>

#include "common/sim/rng.h"
#include "tests/unit/controller/steer/two_regions.h"

namespace weir::controller {
namespace {

ServiceObservation some(Rng& rng) {
  ServiceObservation seen = ServiceObservation::blank(2);
  seen.t_ms = static_cast<double>(rng.below(1000));
  seen.offered[0] = static_cast<double>(rng.below(500));
  seen.pairs(0, 1).sent = 7;
  seen.pairs(0, 1).latency_p99_ms = 120.5;
  seen.pairs(0, 1).chosen = 9;
  seen.servers[1] = {.ready = 2, .endpoints = 3, .queue = 4};
  seen.paths(1, 0) = {.rtt_ms = 80.25, .loss = 0.5, .up = false};
  seen.in_force = rows({0.25, 0.75, 0, 1});
  return seen;
}

TEST(Experience, ComesBackFromItsRowAsItWas) {
  Rng rng(1);
  const std::vector<ServiceObservation> intervals = {some(rng), some(rng)};
  const auto read = decode_experience(encode_experience(two_regions(), intervals));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->service, ServiceName("shop/web"));
  EXPECT_EQ(read->regions, two_regions().regions);
  ASSERT_EQ(read->intervals.size(), 2U);
  const ServiceObservation& back = read->intervals[1];
  EXPECT_EQ(back.t_ms, intervals[1].t_ms);
  EXPECT_EQ(back.offered[0], intervals[1].offered[0]);
  EXPECT_FALSE(known(back.offered[1]));
  EXPECT_EQ(back.pairs(0, 1).sent, 7);
  EXPECT_EQ(back.pairs(0, 1).latency_p99_ms, 120.5);
  EXPECT_EQ(back.pairs(0, 1).chosen, 9);
  EXPECT_FALSE(known(back.pairs(0, 1).latency_p50_ms));
  EXPECT_EQ(back.pairs(1, 0).sent, 0);
  EXPECT_EQ(back.servers[1].queue, 4);
  EXPECT_FALSE(known(back.servers[0].ready));
  EXPECT_EQ(back.paths(1, 0).rtt_ms, 80.25);
  EXPECT_FALSE(back.paths(1, 0).up);
  EXPECT_TRUE(back.paths(0, 1).up);
  EXPECT_EQ(back.in_force, intervals[1].in_force);
}

TEST(Experience, RefusesARowThatIsDamaged) {
  Rng rng(2);
  const std::string row = encode_experience(two_regions(), {some(rng)});
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = row;
    damaged[rng.below(damaged.size())] = static_cast<char>(rng.below(256));
    const auto read = decode_experience(damaged);
    if (!read) continue;
    for (const auto& interval : read->intervals) {
      ASSERT_EQ(interval.offered.size(), read->regions.size());
    }
  }
  EXPECT_EQ(decode_experience("nonsense").error().code(), Code::data_loss);
}

TEST(Experience, KeepsTheNewestWithinItsMemory) {
  Experience kept;
  for (int i = 0; i < 1000; ++i) {
    ServiceObservation seen = ServiceObservation::blank(2);
    seen.t_ms = i;
    kept.add(std::move(seen));
  }
  EXPECT_EQ(kept.size(), Experience::k_intervals_max);
  EXPECT_EQ(kept.newest(1).front().t_ms, 999);
  EXPECT_EQ(kept.newest(5).front().t_ms, 995);
  Experience large;
  for (int i = 0; i < 100; ++i) large.add(ServiceObservation::blank(120));
  EXPECT_LE(large.size() * 120 * 120, Experience::k_cells_max);
}

TEST(Experience, NamesItsRowsByServiceAndTime) {
  const std::string key = experience_row_key(ServiceName("shop/web"), 0x1234);
  EXPECT_TRUE(key.starts_with(experience_row_prefix(ServiceName("shop/web"))));
  EXPECT_EQ(experience_row_time(key), 0x1234);
  EXPECT_LT(key, experience_row_key(ServiceName("shop/web"), 0x12345));
  EXPECT_EQ(experience_row_time("steer/experience/x/zz"), 0);
}

}  // namespace
}  // namespace weir::controller
