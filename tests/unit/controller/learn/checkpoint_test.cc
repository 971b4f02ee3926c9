#include "controller/learn/checkpoint.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace weir::controller {
namespace {

Checkpoint sample() {
  Checkpoint checkpoint;
  checkpoint.recipe = "weir-policy train --config full.json";
  checkpoint.seed = 7;
  checkpoint.settings = {{"far_s", 3.5}, {"near_s", 0.1 + 0.2}};
  for (int i = 0; i < 19; ++i) checkpoint.weights.push_back(std::sin(i) * 1e-3);
  checkpoint.search = EvolutionState{.generation = 12,
                                     .sigma = 0.25,
                                     .mean = {1, 2},
                                     .scale = {1, 0.5},
                                     .sigma_path = {0, -1},
                                     .scale_path = {0.5, 0}};
  checkpoint.best = {0.5, -0.5};
  checkpoint.best_loss = 0.9;
  checkpoint.curve = {{1, 1.01, std::numeric_limits<double>::quiet_NaN()}, {2, 0.98, 0.99}};
  return checkpoint;
}

TEST(Checkpoint, ComesBackExactly) {
  const Checkpoint before = sample();
  const auto after = read_checkpoint(write_checkpoint(before));
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_EQ(after->recipe, before.recipe);
  EXPECT_EQ(after->seed, before.seed);
  EXPECT_EQ(after->settings, before.settings);
  EXPECT_EQ(after->weights, before.weights);
  EXPECT_EQ(after->search, before.search);
  EXPECT_EQ(after->best, before.best);
  EXPECT_EQ(after->best_loss, before.best_loss);
  ASSERT_EQ(after->curve.size(), 2U);
  EXPECT_TRUE(std::isnan(after->curve[0].validation));
  EXPECT_EQ(write_checkpoint(*after), write_checkpoint(before));
}

TEST(Checkpoint, RefusesEveryTextThatWasCutOrChanged) {
  const std::string text = write_checkpoint(sample());
  for (std::size_t cut = 0; cut < text.size(); cut += 3) {
    ASSERT_FALSE(read_checkpoint(text.substr(0, cut))) << cut;
  }
  for (std::size_t at = 0; at < text.size(); at += 5) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    ASSERT_FALSE(read_checkpoint(changed)) << at;
  }
}

std::string with_digest(std::string body) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : body) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  char hex[17];
  std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(hash));
  return body + "digest " + hex + "\n";
}

struct BadCase {
  const char* name;
  const char* body;
  const char* complaint;
};

class BadCheckpoint : public testing::TestWithParam<BadCase> {};

TEST_P(BadCheckpoint, IsRefusedWithItsReason) {
  const auto read = read_checkpoint(with_digest(GetParam().body));
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message().find(GetParam().complaint), std::string::npos)
      << read.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadCheckpoint,
    testing::Values(
        BadCase{"AnotherFile", "hello\n", "no checkpoint"},
        BadCase{"AVersionToCome", "weir-checkpoint 2\n", "another version"},
        BadCase{"NoRecipe", "weir-checkpoint 1\nseed 1\n", "recipe"},
        BadCase{"ASeedThatIsNoNumber", "weir-checkpoint 1\nrecipe x\nseed -1\n", "whole number"},
        BadCase{"TooManyWeights",
                "weir-checkpoint 1\nrecipe x\nseed 1\nsettings 0\nweights 99999999\n", "at most"},
        BadCase{"AnInfiniteWeight",
                "weir-checkpoint 1\nrecipe x\nseed 1\nsettings 0\nweights 1\ninf\n", "finite"},
        BadCase{"FewerWeightsThanSaid",
                "weir-checkpoint 1\nrecipe x\nseed 1\nsettings 0\nweights 9\n1 2 3\n",
                "needs 8 numbers"},
        BadCase{"ASettingWithoutValue", "weir-checkpoint 1\nrecipe x\nseed 1\nsettings 1\nfar_s\n",
                "name and a finite"},
        BadCase{"ASearchWithoutDimensions",
                "weir-checkpoint 1\nrecipe x\nseed 1\nsettings 0\nweights 0\nsearching 1\n"
                "generation 1\n0.5\ndimension 0\n",
                "at least one"},
        BadCase{"SomethingAfterTheEnd",
                "weir-checkpoint 1\nrecipe x\nseed 1\nsettings 0\nweights 0\nsearching 0\n"
                "curve 0\nmore\n",
                "nothing may follow"}),
    [](const auto& row) { return row.param.name; });

TEST(Checkpoint, KeepsItsRecipeOnOneLine) {
  Checkpoint checkpoint;
  checkpoint.recipe = "two\nlines";
  const auto read = read_checkpoint(write_checkpoint(checkpoint));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->recipe, "two lines");
}

}  // namespace
}  // namespace weir::controller
