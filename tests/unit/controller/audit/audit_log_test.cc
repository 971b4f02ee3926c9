#include "controller/audit/audit_log.h"

#include <gtest/gtest.h>

#include <string>

#include "controller/store/memory/memory_store.h"

namespace weir::controller {
namespace {

admin::v1::AuditEntry entry(std::int64_t unix_ms, const std::string& what) {
  admin::v1::AuditEntry made;
  made.set_unix_ms(unix_ms);
  made.set_who("ann");
  made.set_action("PinWeights");
  made.set_what(what);
  return made;
}

std::string whats(AuditLog& log, std::size_t limit, std::int64_t until = 0) {
  std::string text;
  for (const auto& one : *log.list(limit, until)) text += one.what();
  return text;
}

TEST(AuditLog, GivesTheNewestFirst) {
  MemoryStore store;
  AuditLog log(store);
  ASSERT_TRUE(log.add(entry(5, "a")));
  ASSERT_TRUE(log.add(entry(5, "b")));
  ASSERT_TRUE(log.add(entry(1000, "c")));
  EXPECT_EQ(whats(log, 10), "cba");
  EXPECT_EQ(whats(log, 2), "cb");
  EXPECT_EQ(whats(log, 10, 5), "ba");
  EXPECT_EQ(whats(log, 10, 4), "");
}

TEST(AuditLog, GoesOnAfterARestart) {
  MemoryStore store;
  ASSERT_TRUE(AuditLog(store).add(entry(5, "a")));
  AuditLog again(store);
  ASSERT_TRUE(again.add(entry(5, "b")));
  EXPECT_EQ(whats(again, 10), "ba");
}

TEST(AuditLog, ForgetsTheOldestWhenItIsFull) {
  MemoryStore store;
  AuditLog log(store, 20);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(log.add(entry(i, std::to_string(i) + ",")));
    ASSERT_LE(log.list(1000, 0)->size(), 20U);
  }
  EXPECT_TRUE(whats(log, 1000).starts_with("99,98,97,"));
  EXPECT_GE(log.list(1000, 0)->size(), 18U);
}

TEST(AuditLog, CutsWhatIsTooLong) {
  MemoryStore store;
  AuditLog log(store);
  ASSERT_TRUE(log.add(entry(1, std::string(100'000, 'x') + "\xff")));
  EXPECT_EQ(log.list(1, 0)->front().what().size(), AuditLog::k_text_max);
}

}  // namespace
}  // namespace weir::controller
