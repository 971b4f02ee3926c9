#include "controller/trace/decision_traces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace weir::controller {
namespace {

using std::chrono::milliseconds;
using Publication = DecisionTraces::Publication;

const ServiceName k_shop("shop/web");
const AgentId k_one("eu/one");
const AgentId k_two("eu/two");

Time at(int ms) { return Time(std::chrono::hours(1)) + milliseconds(ms); }

class DecisionTracesTest : public testing::Test {
 protected:
  explicit DecisionTracesTest(double sample = 0)
      : traces_(sample, Rng(7), [this](Trace trace) { out_.push_back(std::move(trace)); }) {}

  void think(int begin, const std::string& policy = "learned", const std::string& problem = "") {
    traces_.answered(
        k_shop, {.policy = policy, .begin = at(begin), .end = at(begin + 5), .problem = problem});
  }

  /// Published by `by` to both agents, as revision 1.`generation`.
  static Publication change(const std::string& by, std::uint64_t generation) {
    const RegionName eu("eu");
    return {.service = k_shop,
            .by = by,
            .id = {.epoch = 1, .generation = generation},
            .from = {eu},
            .guards = {"largest_step"},
            .told = {{k_one, eu}, {k_two, eu}},
            .absent = 1,
            .begin = at(1010),
            .guarded = at(1011),
            .stored = at(1015),
            .pushed = at(1016)};
  }

  static std::vector<std::string_view> names(const Trace& trace) {
    std::vector<std::string_view> found;
    for (const Span& span : trace.spans) found.push_back(span.name);
    return found;
  }

  static const Span& named(const Trace& trace, std::string_view name) {
    return *std::ranges::find(trace.spans, name, &Span::name);
  }

  static SpanAttribute::Value value(const Span& span, std::string_view key) {
    const auto found = std::ranges::find(span.attributes, key, &SpanAttribute::key);
    return found == span.attributes.end() ? SpanAttribute::Value("missing") : found->value;
  }

  std::vector<Trace> out_;
  DecisionTraces traces_;
};

class EveryDecisionIsTraced : public DecisionTracesTest {
 protected:
  EveryDecisionIsTraced() : DecisionTracesTest(1) {}
};

TEST_F(DecisionTracesTest, TellTheWholeStoryOfAChange) {
  traces_.seen(k_shop, at(0), at(1000));
  think(1000);
  traces_.published(change("learned", 4));
  EXPECT_TRUE(out_.empty()) << "before agents have answered";
  traces_.acknowledged(k_two, {.epoch = 1, .generation = 4}, "", at(1030));
  traces_.acknowledged(k_one, {.epoch = 1, .generation = 5}, "", at(1090));
  ASSERT_EQ(out_.size(), 1U);

  const Trace& trace = out_[0];
  EXPECT_EQ(names(trace), (std::vector<std::string_view>{"decision", "collect", "infer", "guard",
                                                         "store", "push", "apply", "apply"}));
  const Span& whole = trace.spans[0];
  EXPECT_EQ(whole.parent, 0U);
  EXPECT_EQ(whole.begin, at(0));
  EXPECT_EQ(whole.end, at(1090));
  EXPECT_EQ(value(whole, "weir.service"), SpanAttribute::Value("shop/web"));
  EXPECT_EQ(value(whole, "weir.policy"), SpanAttribute::Value("learned"));
  EXPECT_EQ(value(whole, "weir.revision"), SpanAttribute::Value("1.4"));
  EXPECT_EQ(value(whole, "weir.published"), SpanAttribute::Value(true));
  EXPECT_EQ(value(whole, "weir.changed_sources"),
            SpanAttribute::Value(std::vector<std::string>{"eu"}));
  EXPECT_EQ(value(named(trace, "guard"), "weir.guards"),
            SpanAttribute::Value(std::vector<std::string>{"largest_step"}));
  const Span& push = named(trace, "push");
  EXPECT_EQ(push.begin, at(1015));
  EXPECT_EQ(push.end, at(1090));
  EXPECT_EQ(value(push, "weir.agents"), SpanAttribute::Value(std::int64_t{2}));
  EXPECT_EQ(value(push, "weir.agents_absent"), SpanAttribute::Value(std::int64_t{1}));
  const Span& first = named(trace, "apply");
  EXPECT_EQ(value(first, "weir.agent"), SpanAttribute::Value("eu/two"));
  EXPECT_EQ(value(first, "weir.region"), SpanAttribute::Value("eu"));
  EXPECT_EQ(first.end, at(1030));

  std::set<std::uint64_t> ids;
  for (const Span& span : trace.spans) {
    EXPECT_TRUE(span.id != 0 && ids.insert(span.id).second) << span.name;
    EXPECT_EQ(span.problem, "");
    if (&span != &whole) {
      EXPECT_EQ(span.parent, span.name == "apply" ? push.id : whole.id);
      const Span& parent = span.name == "apply" ? push : whole;
      EXPECT_TRUE(parent.begin <= span.begin && span.begin <= span.end && span.end <= parent.end)
          << span.name;
    }
  }
}

TEST_F(DecisionTracesTest, AChangeNoPolicyWishedHasNoThoughts) {
  traces_.seen(k_shop, at(0), at(1000));
  think(1000);
  Publication pin = change("pin by kim", 2);
  pin.told.clear();
  traces_.published(pin);
  ASSERT_EQ(out_.size(), 1U) << "nobody is waited for";
  EXPECT_EQ(names(out_[0]), (std::vector<std::string_view>{"decision", "guard", "store", "push"}));
  EXPECT_EQ(out_[0].spans[0].begin, at(1010));
  EXPECT_EQ(out_[0].spans[0].end, at(1016));
}

TEST_F(DecisionTracesTest, APolicyThatFellIsToldOfBesideTheOneThatAnswered) {
  traces_.seen(k_shop, at(0), at(1000));
  think(1000, "learned", "learned: it threw");
  think(1005, "planner");
  Publication made = change("planner", 2);
  made.told.clear();
  traces_.published(made);
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_EQ(out_[0].spans[2].problem, "learned: it threw");
  EXPECT_EQ(out_[0].spans[3].problem, "");
  EXPECT_EQ(value(out_[0].spans[3], "weir.policy"), SpanAttribute::Value("planner"));
}

TEST_F(DecisionTracesTest, TheCeilingOnCostIsAGuard) {
  traces_.seen(k_shop, at(0), at(1000));
  traces_.answered(k_shop,
                   {.policy = "learned", .begin = at(1000), .end = at(1001), .cost_cut = true});
  Publication made = change("learned", 2);
  made.told.clear();
  traces_.published(made);
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_EQ(value(named(out_[0], "guard"), "weir.guards"),
            SpanAttribute::Value(std::vector<std::string>{"cost_ceiling", "largest_step"}));
}

TEST_F(DecisionTracesTest, AnAgentThatRefusesOrSaysNothingIsAProblemOfItsApply) {
  traces_.published(change("pin", 2));
  traces_.acknowledged(k_one, {.epoch = 1, .generation = 1}, "", at(1020));
  traces_.acknowledged(k_one, {.epoch = 1, .generation = 2}, "port 80 is taken", at(1030));
  traces_.give_up(at(1016) + DecisionTraces::k_patience - milliseconds(1));
  EXPECT_TRUE(out_.empty());
  traces_.give_up(at(1016) + DecisionTraces::k_patience);
  ASSERT_EQ(out_.size(), 1U);
  const auto& spans = out_[0].spans;
  ASSERT_EQ(spans.size(), 6U);
  EXPECT_EQ(spans[4].problem, "port 80 is taken");
  EXPECT_EQ(spans[4].end, at(1030));
  EXPECT_EQ(spans[5].problem, "no answer yet");
  EXPECT_EQ(value(spans[5], "weir.agent"), SpanAttribute::Value("eu/two"));
  traces_.give_up(at(60'000));
  EXPECT_EQ(out_.size(), 1U) << "once";
}

TEST_F(DecisionTracesTest, TwoChangesOfOneDecisionAreTwoTraces) {
  traces_.seen(k_shop, at(0), at(1000));
  think(1000);
  for (const std::uint64_t generation : {2U, 3U}) {
    Publication made = change("learned", generation);
    made.told.clear();
    traces_.published(made);
  }
  ASSERT_EQ(out_.size(), 2U);
  EXPECT_NE(out_[0].id_low, out_[1].id_low);
  EXPECT_EQ(names(out_[0]), names(out_[1]));
}

TEST_F(DecisionTracesTest, WhatWaitsForAgentsIsBounded) {
  const std::size_t traces = DecisionTraces::k_awaited_max / 2 + 3;
  for (std::size_t i = 1; i <= traces; ++i) traces_.published(change("pin", i));
  EXPECT_EQ(out_.size(), 3U) << "the oldest are given up";
  EXPECT_EQ(value(out_[0].spans[0], "weir.revision"), SpanAttribute::Value("1.1"));
}

TEST_F(DecisionTracesTest, WithoutASampleADecisionThatChangesNothingIsNotTold) {
  for (int i = 0; i < 100; ++i) {
    traces_.seen(k_shop, at(1000 * i), at(1000 * (i + 1)));
    think(1000 * (i + 1));
  }
  EXPECT_TRUE(out_.empty());
}

TEST_F(EveryDecisionIsTraced, ThatWasPublishedOnlyOnce) {
  traces_.seen(k_shop, at(0), at(1000));
  think(1000);
  traces_.seen(k_shop, at(1000), at(2000));
  EXPECT_TRUE(out_.empty()) << "its wish may be published still";
  think(2000);
  traces_.seen(k_shop, at(2000), at(3000));
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_EQ(names(out_[0]), (std::vector<std::string_view>{"decision", "collect", "infer"}));
  EXPECT_EQ(value(out_[0].spans[0], "weir.published"), SpanAttribute::Value(false));
  EXPECT_EQ(out_[0].spans[0].end, at(1005));

  Publication made = change("learned", 2);
  made.told.clear();
  traces_.published(made);
  ASSERT_EQ(out_.size(), 2U);
  EXPECT_EQ(out_[1].spans[0].begin, at(1000)) << "of the last that was answered";
  for (int i = 3; i < 6; ++i) traces_.seen(k_shop, at(1000 * i), at(1000 * i + 1000));
  EXPECT_EQ(out_.size(), 2U) << "nobody was asked";
}

}  // namespace
}  // namespace weir::controller
