#include "controller/policy/rivals/fixed_weights.h"

#include "tests/unit/controller/policy/rivals/rival_world.h"

namespace weir::controller {
namespace {

ServiceWish first_wish(FixedRule rule, const ServiceSetting& setting,
                       const ServiceObservation& seen) {
  FixedWeights policy(setting, "fixed", rule);
  return policy.observe(seen);
}

TEST(FixedWeights, FollowEachRule) {
  const ServiceSetting setting = three_regions();
  ServiceObservation seen = offered(1000, {1, 1, 1});
  seen.servers[1].ready = 5;
  expect_percent(first_wish(FixedRule::nearby, setting, seen), 0,
                 {100 * 130.0 / 330, 100 * 100.0 / 330, 100 * 100.0 / 330});
  expect_percent(first_wish(FixedRule::capacity, setting, seen), 0, {40, 20, 40});
  expect_percent(first_wish(FixedRule::local_only, setting, seen), 2, {0, 0, 100});
  expect_percent(first_wish(FixedRule::random, setting, seen), 0,
                 {100.0 / 3, 100.0 / 3, 100.0 / 3});
  ServiceSetting configured = setting;
  configured.static_weights(0, 2) = 0;
  expect_percent(first_wish(FixedRule::configured, configured, seen), 0,
                 {100 * 130.0 / 230, 100 * 100.0 / 230, 0});
}

TEST(FixedWeights, GiveNothingToARegionWithNobodyReadyOrBehindADeadPath) {
  ServiceObservation seen = offered(1000, {1, 1, 1});
  seen.servers[0].ready = 0;
  seen.paths(0, 1).up = false;
  for (const FixedRule rule : {FixedRule::nearby, FixedRule::capacity, FixedRule::local_only,
                               FixedRule::random, FixedRule::configured}) {
    expect_percent(first_wish(rule, three_regions(), seen), 0, {0, 0, 100});
  }
}

TEST(FixedWeights, KeepWhatIsPermittedWhenNothingWorks) {
  ServiceObservation seen = offered(1000, {1, 1, 1});
  for (ServersSeen& servers : seen.servers) servers.ready = 0;
  expect_percent(first_wish(FixedRule::nearby, three_regions(), seen), 0,
                 {100 * 130.0 / 330, 100 * 100.0 / 330, 100 * 100.0 / 330});
}

}  // namespace
}  // namespace weir::controller
