#include <gtest/gtest.h>

#include <cmath>

#include "common/sim/rng.h"
#include "controller/guardrails/guardrail_book.h"
#include "controller/guardrails/guardrail_rows.h"

namespace weir::controller {
namespace {

const ServiceName k_web("shop/web");
constexpr std::int64_t k_now = 1'000'000;

const Guardrail& named(std::string_view name) { return *find_guardrail(name); }

GuardrailOverride set_to(double value, std::int64_t expires = 0,
                         const std::string& name = "max_step") {
  return {.service = k_web,
          .name = name,
          .value = value,
          .by = "ada",
          .created_unix_ms = k_now,
          .expires_unix_ms = expires};
}

struct Text {
  const char* guardrail;
  const char* typed;
  const char* shown;  // nullptr: it is refused
};

class GuardrailText : public testing::TestWithParam<Text> {};

TEST_P(GuardrailText, IsReadAndShownAsTheConfigurationHasIt) {
  const auto value = parse_guardrail(named(GetParam().guardrail), GetParam().typed);
  ASSERT_EQ(value.has_value(), GetParam().shown != nullptr);
  if (value) EXPECT_EQ(guardrail_text(named(GetParam().guardrail), *value), GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GuardrailText,
    testing::Values(Text{"max_step", "0.05", "0.05"}, Text{"max_step", "5%", "0.05"},
                    Text{"max_step", "1", "1"}, Text{"max_step", "100%", "1"},
                    Text{"max_step", "0", nullptr}, Text{"max_step", "101%", nullptr},
                    Text{"max_step", "-1", nullptr}, Text{"max_step", "nan", nullptr},
                    Text{"max_step", "inf", nullptr}, Text{"max_step", "1e-1", nullptr},
                    Text{"max_step", "0.1 ", nullptr}, Text{"max_step", "", nullptr},
                    Text{"min_share", "0", "0"}, Text{"max_cost_per_hour", "12.50", "12.5"},
                    Text{"max_cost_per_hour", "none", nullptr}, Text{"policy_ttl", "90s", "90s"},
                    Text{"policy_ttl", "120s", "2m"}, Text{"policy_ttl", "24h", "24h"},
                    Text{"policy_ttl", "25h", nullptr}, Text{"policy_ttl", "0s", nullptr},
                    Text{"policy_ttl", "10", nullptr},
                    Text{"policy_ttl", "99999999999999999h", nullptr},
                    Text{"failover_hold", "250ms", "250ms"}, Text{"failover_hold", "0ms", "0ms"}));

TEST(Guardrail, KnowsWhichDirectionGivesRoom) {
  for (const auto& [name, looser, tighter] :
       {std::tuple("max_step", 0.2, 0.1), std::tuple("min_share", 0.01, 0.02),
        std::tuple("max_cost_per_hour", 20.0, 10.0), std::tuple("policy_ttl", 20e3, 10e3),
        std::tuple("failover_hold", 10e3, 20e3)}) {
    EXPECT_TRUE(is_looser(named(name), looser, tighter)) << name;
    EXPECT_FALSE(is_looser(named(name), tighter, looser)) << name;
    EXPECT_FALSE(is_looser(named(name), looser, looser)) << name;
    EXPECT_TRUE(is_looser(named(name), std::nullopt, looser))
        << name << ": no limit is the loosest";
    EXPECT_FALSE(is_looser(named(name), tighter, std::nullopt)) << name;
  }
}

TEST(Guardrail, IsPutWhereItIsReadFrom) {
  for (const Guardrail& guardrail : guardrails()) {
    ServiceConfig service;
    const double value = guardrail.form == Guardrail::Form::span ? 7000 : 0.25;
    guardrail.put(value, service);
    EXPECT_EQ(guardrail.get(service), value) << guardrail.name;
    EXPECT_NE(service, ServiceConfig()) << guardrail.name;
  }
}

TEST(GuardrailBook, SteersByItsOverridesUntilTheyEnd) {
  ServiceConfig configured;
  configured.plan.service = k_web;
  GuardrailBook book;
  book.set(set_to(0.2, k_now + 1000));
  book.set(set_to(9000, 0, "failover_hold"));
  EXPECT_EQ(with_guardrails(configured, book, k_now).plan.guards.max_step, Ratio(0.2));
  EXPECT_EQ(with_guardrails(configured, book, k_now).plan.failover.hold.count(), 9000);
  EXPECT_EQ(with_guardrails(configured, book, k_now + 1000).plan.guards.max_step, Ratio(1.0));
  EXPECT_EQ(book.next_expiry(), k_now + 1000);
  EXPECT_TRUE(book.take_expired(k_now + 999).empty());
  EXPECT_EQ(book.take_expired(k_now + 1000), std::vector{set_to(0.2, k_now + 1000)});
  EXPECT_EQ(book.next_expiry(), std::nullopt);
  EXPECT_TRUE(book.remove(k_web, "failover_hold"));
  EXPECT_FALSE(book.remove(k_web, "failover_hold"));
  ServiceConfig other = configured;
  other.plan.service = ServiceName("shop/api");
  book.set(set_to(0.2));
  EXPECT_EQ(with_guardrails(other, book, k_now), other);
}

// Whoever replaces `before` by `after` gives room when at some moment more is permitted: told here
// by looking at every moment.
TEST(GuardrailBook, CallsLooseningWhatPermitsMoreAtSomeMoment) {
  Rng rng(7);
  const Guardrail& guardrail = named("max_step");
  int loosening = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto any_override = [&rng]() -> std::optional<GuardrailOverride> {
      if (rng.below(4) == 0) return std::nullopt;
      const auto end = rng.below(3) == 0 ? 0 : k_now + 1 + static_cast<std::int64_t>(rng.below(5));
      return set_to(0.1 * static_cast<double>(1 + rng.below(4)), end);
    };
    const double configured = 0.1 * static_cast<double>(1 + rng.below(4));
    const auto before = any_override();
    const auto after = any_override();
    const auto value_at = [&](const std::optional<GuardrailOverride>& one, std::int64_t moment) {
      const bool holds = one && (one->expires_unix_ms == 0 || moment < one->expires_unix_ms);
      return holds ? one->value : configured;
    };
    bool more = false;
    for (std::int64_t moment = k_now; moment < k_now + 10; ++moment) {
      more = more || value_at(after, moment) > value_at(before, moment);
    }
    EXPECT_EQ(loosens(guardrail, configured, before ? &*before : nullptr, after ? &*after : nullptr,
                      k_now),
              more)
        << "round " << round;
    loosening += more ? 1 : 0;
  }
  EXPECT_GT(loosening, 200);
  EXPECT_LT(loosening, 1800);
}

TEST(GuardrailRows, SurviveTheStoreAndRefuseWhatIsNone) {
  const GuardrailOverride set = set_to(0.2, k_now + 1000);
  EXPECT_EQ(guardrail_row_key(k_web, "max_step"), "guardrail/shop/web/max_step");
  const auto again = decode_guardrail(encode_guardrail(set));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, set);
  EXPECT_FALSE(decode_guardrail("nonsense"));
  EXPECT_FALSE(decode_guardrail(encode_guardrail(set_to(2))));
  EXPECT_FALSE(decode_guardrail(encode_guardrail(set_to(std::nan("")))));
  EXPECT_FALSE(decode_guardrail(encode_guardrail(set_to(0.1, 0, "speed"))));
}

}  // namespace
}  // namespace weir::controller
