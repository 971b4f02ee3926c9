// What holds for every rival there is: nothing that can be observed breaks it.

#include <cmath>

#include "controller/policy/rivals/rivals.h"
#include "tests/unit/controller/policy/rivals/rival_world.h"

namespace weir::controller {
namespace {

PolicyCatalog rivals() {
  PolicyCatalog catalog;
  add_rivals(catalog);
  return catalog;
}

std::unique_ptr<ServicePolicy> make(const PolicyKind& kind, const ServiceSetting& setting) {
  auto made = kind.make(setting, {.tuning = Tuning(kind.tunables), .seed = 1, .checkpoint = {}});
  EXPECT_TRUE(made.has_value());
  return std::move(*made);
}

void expect_sound(const ServiceSetting& setting, const ServiceWish& wish, const std::string& what) {
  ASSERT_EQ(wish.shares.rows(), setting.size()) << what;
  for (std::size_t from = 0; from < setting.size(); ++from) {
    ASSERT_GT(row_sum(wish.shares, from), 0) << what;
    ASSERT_TRUE(std::isfinite(row_sum(wish.shares, from))) << what;
    for (std::size_t to = 0; to < setting.size(); ++to) {
      ASSERT_GE(wish.shares(from, to), 0) << what;
      if (!setting.allowed(from, to)) ASSERT_EQ(wish.shares(from, to), 0) << what;
    }
  }
}

/// Something a report could hold, sensible half of the time.
double anything(Rng& rng, double sensible) {
  switch (rng.below(10)) {
    case 0:
      return k_unknown;
    case 1:
      return -1;
    case 2:
      return INFINITY;
    case 3:
      return 1e300;
    case 4:
      return 0;
    default:
      return sensible * rng.unit();
  }
}

ServiceSetting random_setting(Rng& rng) {
  const std::size_t n = 1 + rng.below(7);
  ServiceSetting setting;
  setting.service = ServiceName("shop/web");
  setting.rtt_ms = Grid<double>(n, n);
  setting.cost_per_gb = Grid<double>(n, n, 0.02);
  setting.allowed = Grid<char>(n, n, 0);
  setting.static_weights = Grid<double>(n, n, 100);
  setting.goal = rng.chance(0.3) ? Goal::cost : Goal::goodput;
  setting.kb_per_request = 10;
  for (std::size_t i = 0; i < n; ++i) {
    setting.regions.emplace_back("r" + std::to_string(i));
    setting.served_in.push_back({.endpoints = rng.chance(0.3) ? 0.0 : 1.0 + rng.unit() * 9,
                                 .declared_rps = rng.chance(0.5) ? k_unknown : rng.unit() * 500});
    for (std::size_t j = 0; j < n; ++j) {
      setting.rtt_ms(i, j) = rng.chance(0.2) ? k_unknown : rng.unit() * 200;
    }
  }
  setting.served_in[rng.below(n)].endpoints = 3;
  for (std::size_t i = 0; i < n; ++i) {
    bool any = false;
    for (std::size_t j = 0; j < n; ++j) {
      const bool serves = setting.served_in[j].endpoints > 0;
      setting.allowed(i, j) = serves && rng.chance(0.7) ? 1 : 0;
      any = any || setting.allowed(i, j);
    }
    for (std::size_t j = 0; j < n && !any; ++j) {
      any = setting.served_in[j].endpoints > 0;
      setting.allowed(i, j) = any ? 1 : 0;
    }
  }
  return setting;
}

ServiceObservation random_observation(Rng& rng, std::size_t n) {
  ServiceObservation seen = ServiceObservation::blank(n);
  seen.t_ms = anything(rng, 100'000);
  for (std::size_t i = 0; i < n; ++i) {
    seen.offered[i] = anything(rng, 1000);
    seen.servers[i] = {.ready = anything(rng, 10),
                       .endpoints = anything(rng, 10),
                       .utilization = anything(rng, 1),
                       .in_flight = anything(rng, 100),
                       .queue = anything(rng, 100)};
    for (std::size_t j = 0; j < n; ++j) {
      seen.pairs(i, j) = {.sent = anything(rng, 100),
                          .ok = anything(rng, 100),
                          .errors = anything(rng, 10),
                          .timeouts = anything(rng, 10),
                          .in_slo = anything(rng, 100),
                          .shed = anything(rng, 10),
                          .latency_mean_ms = anything(rng, 300),
                          .latency_p50_ms = anything(rng, 300),
                          .latency_p90_ms = anything(rng, 300),
                          .latency_p99_ms = anything(rng, 300),
                          .in_flight = anything(rng, 100)};
      seen.paths(i, j) = {
          .rtt_ms = anything(rng, 300), .loss = anything(rng, 1), .up = rng.chance(0.8)};
    }
  }
  return seen;
}

TEST(Rivals, SurviveAnyObservation) {
  for (const PolicyKind& kind : rivals().kinds()) {
    Rng rng(42);
    for (int world = 0; world < 60; ++world) {
      const ServiceSetting setting = random_setting(rng);
      const auto policy = make(kind, setting);
      EXPECT_EQ(policy->name(), kind.name);
      for (int i = 0; i < 40; ++i) {
        const ServiceWish wish = policy->observe(random_observation(rng, setting.size()));
        ASSERT_NO_FATAL_FAILURE(expect_sound(setting, wish, std::string(kind.name)));
      }
    }
  }
}

TEST(Rivals, AnswerTheSameToTheSame) {
  for (const PolicyKind& kind : rivals().kinds()) {
    Rng rng(7);
    const ServiceSetting setting = random_setting(rng);
    const auto one = make(kind, setting);
    const auto other = make(kind, setting);
    for (int i = 0; i < 50; ++i) {
      const ServiceObservation seen = random_observation(rng, setting.size());
      ASSERT_EQ(one->observe(seen).shares, other->observe(seen).shares) << kind.name;
    }
  }
}

TEST(Rivals, SendEverythingToTheOnlyRegionThereIs) {
  for (const PolicyKind& kind : rivals().kinds()) {
    const auto policy = make(kind, one_region());
    for (double t_ms = 1000; t_ms <= 20'000; t_ms += 1000) {
      expect_percent(policy->observe(offered(t_ms, {200})), 0, {100});
    }
  }
}

TEST(Rivals, DoNothingStrangeWithoutASingleReport) {
  for (const PolicyKind& kind : rivals().kinds()) {
    const auto policy = make(kind, three_regions());
    for (int i = 0; i < 20; ++i) {
      const ServiceWish wish = policy->observe(ServiceObservation::blank(3));
      ASSERT_NO_FATAL_FAILURE(expect_sound(three_regions(), wish, std::string(kind.name)));
    }
  }
}

TEST(Rivals, TakeEverySettingWithinItsBounds) {
  for (const PolicyKind& kind : rivals().kinds()) {
    Rng rng(11);
    for (int i = 0; i < 20; ++i) {
      const Tuning tuning = Tuning::draw(kind.tunables, rng);
      auto made = kind.make(three_regions(), {.tuning = tuning, .seed = 1, .checkpoint = {}});
      ASSERT_TRUE(made.has_value());
      for (double t_ms = 1000; t_ms <= 10'000; t_ms += 1000) {
        const ServiceWish wish = (*made)->observe(offered(t_ms, {900, 100, 400}));
        ASSERT_NO_FATAL_FAILURE(expect_sound(three_regions(), wish, std::string(kind.name)));
      }
    }
  }
}

TEST(RequestRivals, ChooseReadyEndpointsWhateverTheyAreTold) {
  for (const RequestPolicyKind& kind : rivals().request_kinds()) {
    Rng rng(13);
    for (int world = 0; world < 20; ++world) {
      const ServiceSetting setting = random_setting(rng);
      const auto n = static_cast<std::uint32_t>(setting.size());
      const auto policy = kind.make(
          setting, {.tuning = Tuning::draw(kind.tunables, rng), .seed = 1, .checkpoint = {}});
      EXPECT_EQ(policy->name(), kind.name);
      Grid<std::vector<char>> members(n, n);
      for (int i = 0; i < 2000; ++i) {
        const auto from = static_cast<std::uint32_t>(rng.below(n));
        const double t_ms = i * 10.0;
        if (rng.chance(0.1)) {
          const auto to = static_cast<std::uint32_t>(rng.below(n));
          auto& ready = members(from, to);
          ready.assign(rng.below(6), 0);
          for (char& one : ready) one = rng.chance(0.7) ? 1 : 0;
          policy->on_members(from, to, ready);
        }
        std::vector<RequestTarget> probes;
        policy->want_probes(from, t_ms, rng, probes);
        for (const RequestTarget probe : probes) {
          policy->on_probe(from, t_ms,
                           {.from = probe,
                            .in_flight = rng.unit() * 20,
                            .server_latency_ms = rng.unit() * 100,
                            .rtt_ms = rng.unit() * 100});
        }
        const RequestTarget target = policy->choose(from, t_ms, rng);
        ASSERT_LT(target.region, n);
        ASSERT_TRUE(setting.allowed(from, target.region)) << kind.name;
        if (target.endpoint != RequestTarget::k_any_endpoint) {
          ASSERT_LT(target.endpoint, members(from, target.region).size()) << kind.name;
          ASSERT_TRUE(members(from, target.region)[target.endpoint]) << kind.name;
        }
        policy->on_ended(from, t_ms + 5, target, rng.unit() * 200, rng.chance(0.9));
      }
    }
  }
}

}  // namespace
}  // namespace weir::controller
