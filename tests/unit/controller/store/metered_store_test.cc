#include "controller/store/metered_store.h"

#include <gtest/gtest.h>

#include "common/async/clock.h"
#include "controller/store/memory/memory_store.h"

namespace weir::controller {
namespace {

TEST(MeteredStore, CountsCommitsByWhatBecameOfThem) {
  SystemClock clock;
  MeteredStore store(std::make_unique<MemoryStore>(), clock);
  ASSERT_TRUE(store.commit(Transaction().put("a/1", "one")));
  EXPECT_EQ(store.commit(Transaction().if_absent("a/1").put("a/1", "two")).error().code(),
            Code::aborted);
  EXPECT_FALSE(store.commit(Transaction().put("", "no key")));
  const MeteredStore::Counters counters = store.counters();
  EXPECT_EQ(counters.committed, 1U);
  EXPECT_EQ(counters.conflicts, 1U);
  EXPECT_EQ(counters.refused, 1U);
  EXPECT_EQ(counters.failed, 0U);
  EXPECT_EQ(counters.duration.total(), 1U);
  EXPECT_EQ((*store.get("a/1"))->value, "one");
}

}  // namespace
}  // namespace weir::controller
