#include "tests/unit/controller/store/store_contract.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "common/sim/rng.h"

namespace weir::controller {
namespace {

std::vector<std::string> keys_of(const ScanPage& page) {
  std::vector<std::string> keys;
  for (const Row& row : page.rows) keys.push_back(row.key);
  return keys;
}

using Keys = std::vector<std::string>;

TEST_P(StoreContract, ReadsWhatWasWrittenAndNothingElse) {
  ASSERT_EQ(*store_->get("a"), std::nullopt);
  const auto version = store_->commit(Transaction().put("a", std::string("x\0y", 3)).put("b", ""));
  ASSERT_TRUE(version) << version.error().message();
  EXPECT_EQ(*store_->get("a"), (Row{"a", std::string("x\0y", 3), *version}));
  EXPECT_EQ(*store_->get("b"), (Row{"b", "", *version}));
  EXPECT_EQ(*store_->get("aa"), std::nullopt);
  EXPECT_EQ(*store_->get(""), std::nullopt);
  EXPECT_EQ(*store_->get(std::string_view("\0head", 5)), std::nullopt);
  ASSERT_TRUE(store_->commit(Transaction().erase("a").erase("never")));
  EXPECT_EQ(*store_->get("a"), std::nullopt);
}

TEST_P(StoreContract, NeverGivesAVersionTwiceToAKey) {
  const auto first = store_->commit(Transaction().put("a", "1"));
  ASSERT_TRUE(store_->commit(Transaction().erase("a")));
  const auto second = store_->commit(Transaction().put("a", "1"));
  ASSERT_TRUE(first && second);
  EXPECT_GT(*second, *first);
  EXPECT_EQ(store_->commit(Transaction().if_version("a", *first).put("a", "2")).error().code(),
            Code::aborted);
}

struct ConditionCase {
  const char* what;
  Transaction condition;
  bool holds;
};

TEST_P(StoreContract, WritesOnlyIfEveryConditionHolds) {
  const auto version = store_->commit(Transaction().put("is", "v"));
  ASSERT_TRUE(version);
  const std::vector<ConditionCase> table = {
      {"absent, is absent", Transaction().if_absent("not"), true},
      {"absent, is there", Transaction().if_absent("is"), false},
      {"version, same", Transaction().if_version("is", *version), true},
      {"version, other", Transaction().if_version("is", *version + 1), false},
      {"version, absent key", Transaction().if_version("not", 0), false},
      {"value, same", Transaction().if_value("is", "v"), true},
      {"value, other", Transaction().if_value("is", "w"), false},
      {"value, absent key", Transaction().if_value("not", ""), false},
      {"first holds, second not", Transaction().if_absent("not").if_value("is", "w"), false},
  };
  for (ConditionCase row : table) {
    const auto outcome = store_->commit(row.condition.put("out", row.what).put("other", "x"));
    EXPECT_EQ(outcome.has_value(), row.holds) << row.what;
    if (!row.holds) {
      EXPECT_EQ(outcome.error().code(), Code::aborted);
      EXPECT_EQ(*store_->get("out"), std::nullopt) << row.what;
    }
    ASSERT_TRUE(store_->commit(Transaction().erase("out").erase("other")));
  }
}

TEST_P(StoreContract, ChecksConditionsEvenWithNothingToWrite) {
  const auto version = store_->commit(Transaction().put("a", "1"));
  EXPECT_EQ(*store_->commit(Transaction().if_value("a", "1")), *version);
  EXPECT_FALSE(store_->commit(Transaction().if_absent("a")));
  EXPECT_EQ(*store_->commit(Transaction()), *version);
}

TEST_P(StoreContract, ScansAPrefixInOrderPageByPage) {
  Transaction many;
  for (const char* key : {"p/b", "p/a", "p/c", "p", "p0", "o", "p/\xff", "q"}) many.put(key, key);
  ASSERT_TRUE(store_->commit(many));
  const auto all = store_->scan("p/");
  EXPECT_EQ(keys_of(*all), (Keys{"p/a", "p/b", "p/c", "p/\xff"}));
  EXPECT_FALSE(all->more);
  const auto first = store_->scan("p/", "", 2);
  EXPECT_EQ(keys_of(*first), (Keys{"p/a", "p/b"}));
  EXPECT_TRUE(first->more);
  const auto second = store_->scan("p/", "p/b", 2);
  EXPECT_EQ(keys_of(*second), (Keys{"p/c", "p/\xff"}));
  EXPECT_FALSE(second->more);
  EXPECT_EQ(keys_of(*store_->scan("p/", "p/bb")), (Keys{"p/c", "p/\xff"}));
  EXPECT_EQ(keys_of(*store_->scan("p/", "q")), Keys());
  EXPECT_EQ(keys_of(*store_->scan("p/", "a", 1)), (Keys{"p/a"}));
  EXPECT_EQ(store_->scan("")->rows.size(), 8U);
  EXPECT_EQ(store_->scan("", "", 0)->rows.size(), 1U);
}

TEST_P(StoreContract, CollectsMoreThanAPageAndRefusesMoreThanAsked) {
  Transaction many;
  for (int i = 0; i < 2500; ++i) many.put("k/" + std::to_string(i), "v");
  ASSERT_TRUE(store_->commit(many));
  EXPECT_EQ(store_->scan("k/")->rows.size(), Store::k_scan_max);
  const auto all = scan_all(*store_, "k/", 2500);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 2500U);
  EXPECT_TRUE(std::ranges::is_sorted(*all, {}, &Row::key));
  EXPECT_EQ(scan_all(*store_, "k/", 2499).error().code(), Code::resource_exhausted);
}

TEST_P(StoreContract, RefusesWhatExceedsItsLimitsAndChangesNothing) {
  Transaction too_many;
  for (std::size_t i = 0; i <= Store::k_writes_max; ++i) too_many.put("k" + std::to_string(i), "");
  Transaction too_large;
  for (int i = 0; i < 5; ++i) {
    too_large.put("k" + std::to_string(i), std::string(Store::k_value_max, 'x'));
  }
  const std::string long_key(Store::k_key_max + 1, 'k');
  const std::vector<std::pair<Transaction, Code>> table = {
      {too_many, Code::resource_exhausted},
      {too_large, Code::resource_exhausted},
      {Transaction().put("k", std::string(Store::k_value_max + 1, 'x')), Code::resource_exhausted},
      {Transaction().put("k", "1").put("", ""), Code::invalid_argument},
      {Transaction().put("k", "1").put(long_key, ""), Code::invalid_argument},
      {Transaction().put("k", "1").put(std::string("\0head", 5), ""), Code::invalid_argument},
      {Transaction().put("k", "1").erase("k"), Code::invalid_argument},
      {Transaction().put("k", "1").if_absent(long_key), Code::invalid_argument},
  };
  for (const auto& [transaction, code] : table) {
    const auto outcome = store_->commit(transaction);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), code) << outcome.error().message();
  }
  EXPECT_TRUE(store_->scan("")->rows.empty());
  EXPECT_TRUE(store_->commit(
      Transaction().put(std::string(Store::k_key_max, 'k'), std::string(Store::k_value_max, 'x'))));
}

TEST_P(StoreContract, TellsAWatchEachCommitUnderItsPrefixInOrder) {
  std::vector<ChangeSet> seen;
  auto watch = store_->watch("w/", [&](const ChangeSet& changes) { seen.push_back(changes); });
  const auto first = store_->commit(Transaction().put("w/a", "1").put("x", "no").put("w/b", "2"));
  ASSERT_TRUE(store_->commit(Transaction().put("x", "no")));
  ASSERT_FALSE(store_->commit(Transaction().if_absent("x").put("w/a", "refused")));
  const auto second = store_->commit(Transaction().erase("w/a"));
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].version, *first);
  EXPECT_EQ(seen[0].writes, (std::vector<Transaction::Write>{{"w/a", "1"}, {"w/b", "2"}}));
  EXPECT_EQ(seen[1].version, *second);
  EXPECT_EQ(seen[1].writes, (std::vector<Transaction::Write>{{"w/a", std::nullopt}}));
  watch.reset();
  ASSERT_TRUE(store_->commit(Transaction().put("w/a", "3")));
  EXPECT_EQ(seen.size(), 2U);
}

TEST_P(StoreContract, LosesNoIncrementOfManyThreads) {
  constexpr int threads = 8;
  constexpr int increments = 25;
  std::vector<std::uint64_t> versions;  // written under the store's commit lock
  const auto watch =
      store_->watch("n", [&](const ChangeSet& changes) { versions.push_back(changes.version); });
  std::atomic<int> failures = 0;
  const auto count_up = [&] {
    for (int done = 0; done < increments;) {
      const auto row = store_->get("n");
      Transaction add;
      if (*row) {
        add.if_version("n", (*row)->version).put("n", std::to_string(std::stoi((*row)->value) + 1));
      } else {
        add.if_absent("n").put("n", "1");
      }
      const auto outcome = store_->commit(add);
      if (outcome) {
        ++done;
      } else if (outcome.error().code() != Code::aborted) {
        ++failures;
        return;
      }
    }
  };
  {
    std::vector<std::jthread> running;
    for (int i = 0; i < threads; ++i) running.emplace_back(count_up);
  }
  EXPECT_EQ(failures, 0);
  EXPECT_EQ((*store_->get("n"))->value, std::to_string(threads * increments));
  EXPECT_EQ(versions.size(), static_cast<std::size_t>(threads * increments));
  EXPECT_TRUE(std::ranges::is_sorted(versions));
}

TEST_P(StoreContract, AgreesWithAMapOverRandomTransactions) {
  Rng rng(20);
  std::map<std::string, std::string> model;
  for (int step = 0; step < 150; ++step) {
    Transaction transaction;
    std::map<std::string, std::string> wanted = model;
    const std::string condition = "k" + std::to_string(rng.below(12));
    const bool holds = !model.contains(condition);
    transaction.if_absent(condition);
    for (std::uint64_t i = 0, n = rng.below(4); i < n; ++i) {
      const std::string key = "k" + std::to_string(i * 4 + rng.below(4));
      if (rng.chance(0.5)) {
        transaction.erase(key);
        wanted.erase(key);
      } else {
        transaction.put(key, std::to_string(step));
        wanted[key] = std::to_string(step);
      }
    }
    ASSERT_EQ(store_->commit(transaction).has_value(), holds) << "step " << step;
    if (holds) model = wanted;
    std::map<std::string, std::string> found;
    const auto page = store_->scan("k");
    for (const Row& row : page->rows) found[row.key] = row.value;
    ASSERT_EQ(found, model) << "step " << step;
  }
}

}  // namespace
}  // namespace weir::controller
