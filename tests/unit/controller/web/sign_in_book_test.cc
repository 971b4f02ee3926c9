#include "controller/web/sign_in_book.h"

#include <gtest/gtest.h>

namespace weir::controller {
namespace {

using std::chrono::hours;
constexpr Time k_start{hours(1)};
constexpr Time k_never{hours(1'000'000)};

class SignIns : public testing::Test {
 protected:
  std::string open(const std::string& access, Time now, Time last = k_never) {
    return book_.open(
        {.name = "ann", .role = "viewer", .access_id = access, .csrf = "", .ends = {}}, now, last);
  }

  SystemKeySource keys_;
  SignInBook book_{keys_};
};

TEST_F(SignIns, LastTwelveHoursAndNotLongerThanTheToken) {
  const std::string cookie = open("a", k_start);
  ASSERT_NE(book_.find(cookie, k_start + hours(11)), nullptr);
  EXPECT_EQ(book_.find(cookie, k_start + hours(12)), nullptr);
  const std::string brief = open("a", k_start, k_start + hours(1));
  EXPECT_NE(book_.find(brief, k_start), nullptr);
  EXPECT_EQ(book_.find(brief, k_start + hours(1)), nullptr);
}

TEST_F(SignIns, EndWithTheirToken) {
  const std::string one = open("a", k_start);
  const std::string two = open("a", k_start);
  const std::string other = open("b", k_start);
  book_.end_access("a");
  EXPECT_EQ(book_.find(one, k_start), nullptr);
  EXPECT_EQ(book_.find(two, k_start), nullptr);
  EXPECT_NE(book_.find(other, k_start), nullptr);
  book_.end(other);
  EXPECT_EQ(book_.find(other, k_start), nullptr);
  EXPECT_EQ(book_.find("", k_start), nullptr);
}

TEST_F(SignIns, HaveSecretsOfTheirOwn) {
  const std::string one = open("a", k_start);
  const std::string two = open("a", k_start);
  EXPECT_NE(one, two);
  EXPECT_GE(one.size(), 43U);
  EXPECT_NE(book_.find(one, k_start)->csrf, book_.find(two, k_start)->csrf);
}

TEST_F(SignIns, AreBounded) {
  const std::string first = open("a", k_start);
  for (std::size_t i = 0; i < SignInBook::k_sign_ins_max; ++i) {
    open("a", k_start + std::chrono::seconds(1));
  }
  EXPECT_EQ(book_.size(), SignInBook::k_sign_ins_max);
  EXPECT_EQ(book_.find(first, k_start), nullptr) << "the oldest goes";
}

}  // namespace
}  // namespace weir::controller
