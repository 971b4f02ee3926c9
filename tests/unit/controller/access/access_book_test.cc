#include "controller/access/access_book.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "controller/store/memory/memory_store.h"

namespace weir::controller {
namespace {

constexpr std::int64_t k_now = 1'000'000;

class AccessBooks : public testing::Test {
 protected:
  NewAccess made(const std::string& name, admin::v1::Role role, std::int64_t ttl_s = 0) {
    auto access = book_.create(name, role, ttl_s, k_now);
    EXPECT_TRUE(access) << access.error().message();
    return *std::move(access);
  }

  MemoryStore store_;
  SystemKeySource keys_;
  AccessBook book_{store_, keys_};
};

TEST_F(AccessBooks, KnowsWhoseATokenIsUntilItEnds) {
  const NewAccess ann = made("ann", admin::v1::OPERATOR, 60);
  const auto found = book_.find(ann.text.reveal(), k_now + 59'999);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->name, "ann");
  EXPECT_EQ(found->role, admin::v1::OPERATOR);
  EXPECT_EQ(book_.find(ann.text.reveal(), k_now + 60'000).error().code(), Code::unauthenticated);
}

TEST_F(AccessBooks, AnswersEveryWrongTokenAlike) {
  const std::string text = made("ann", admin::v1::VIEWER).text.reveal();
  const std::string withdrawn = made("bob", admin::v1::VIEWER).text.reveal();
  ASSERT_TRUE(book_.revoke(withdrawn.substr(12, 16)));
  std::string mistyped = text;
  mistyped.back() = mistyped.back() == 'A' ? 'B' : 'A';
  std::set<std::string> answers;
  for (const std::string& wrong :
       {std::string(), std::string("weir-access-"), std::string("weir-access-../../enrol/mesh"),
        mistyped, text + "A", text.substr(0, text.size() - 1), withdrawn}) {
    const auto found = book_.find(wrong, k_now);
    ASSERT_FALSE(found) << wrong;
    answers.insert(found.error().message());
  }
  EXPECT_EQ(answers.size(), 1U);
  EXPECT_TRUE(book_.find(text, k_now));
}

TEST_F(AccessBooks, KeepsNoToken) {
  const std::string text = made("ann", admin::v1::ADMIN).text.reveal();
  for (const Row& row : static_cast<Store&>(store_).scan("access/")->rows) {
    EXPECT_EQ(row.value.find(text.substr(29)), std::string::npos);
  }
}

TEST_F(AccessBooks, ListsThoseThatHoldNewestFirstAndForgetsTheOthers) {
  made("old", admin::v1::VIEWER, 1);
  ASSERT_TRUE(book_.create("new", admin::v1::ADMIN, 0, k_now + 5000));
  const auto all = book_.all(k_now + 6000);
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ((*all)[0].name, "new");
  EXPECT_EQ(static_cast<Store&>(store_).scan("access/")->rows.size(), 1U)
      << "what has ended is forgotten";
}

TEST_F(AccessBooks, SaysWhatIsWrongWithARequest) {
  const auto complaint = [this](const std::string& name, int role, std::int64_t ttl_s) {
    const auto made = book_.create(name, static_cast<admin::v1::Role>(role), ttl_s, k_now);
    return made ? std::string() : made.error().message();
  };
  EXPECT_NE(complaint("", 1, 0).find("1 to 100 bytes"), std::string::npos);
  EXPECT_NE(complaint(std::string(101, 'x'), 1, 0).find("1 to 100"), std::string::npos);
  EXPECT_NE(complaint("a\nb", 1, 0).find("printable"), std::string::npos);
  EXPECT_NE(complaint("ann", 0, 0).find("viewer, operator, admin"), std::string::npos);
  EXPECT_NE(complaint("ann", 4, 0).find("viewer, operator, admin"), std::string::npos);
  EXPECT_NE(complaint("ann", 1, -1).find("365 days"), std::string::npos);
  EXPECT_NE(complaint("ann", 1, 400LL * 24 * 3600).find("365 days"), std::string::npos);
  EXPECT_EQ(book_.revoke("0123456789abcdef").error().code(), Code::not_found);
}

TEST_F(AccessBooks, HasALimit) {
  for (std::size_t i = 0; i < AccessBook::k_tokens_max; ++i) made("x", admin::v1::VIEWER);
  const auto more = book_.create("x", admin::v1::VIEWER, 0, k_now);
  EXPECT_EQ(more.error().code(), Code::resource_exhausted);
}

}  // namespace
}  // namespace weir::controller
