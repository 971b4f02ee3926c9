#include <gtest/gtest.h>

#include <algorithm>

#include "common/crypto/x25519.h"
#include "common/sim/rng.h"
#include "common/tunnel/cookie.h"
#include "common/tunnel/load_guard.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Time k_start{std::chrono::hours(1)};

class SeededKeys final : public KeySource {
 public:
  void fill(ByteSpan bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(rng_.next());
  }

 private:
  Rng rng_{1};
};

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }

struct Cookies : testing::Test {
  Cookies() : checker(key()), jar(key()), message(wire::k_initiation_size, 0x5a) {
    jar.add_macs(message, k_start);
  }
  static PublicKey key() {
    PublicKey made{};
    made.fill(3);
    return made;
  }
  SeededKeys keys;
  CookieChecker checker;
  CookieJar jar;
  ByteVector message;
  const Endpoint from = *Endpoint::parse("192.0.2.1:1000");

  void take_cookie(Time now) {
    ASSERT_TRUE(jar.take(checker.reply(message, from, now, keys), now));
  }
};

TEST_F(Cookies, ProveAddressAndPortTogether) {
  take_cookie(k_start);
  jar.add_macs(message, k_start);
  EXPECT_TRUE(checker.mac2_holds(message, from, k_start));
  EXPECT_FALSE(checker.mac2_holds(message, *Endpoint::parse("192.0.2.1:1001"), k_start));
  EXPECT_FALSE(checker.mac2_holds(message, *Endpoint::parse("192.0.2.2:1000"), k_start));
  EXPECT_FALSE(checker.mac2_holds(message, *Endpoint::parse("[::ffff:192.0.2.1]:1000"), k_start));
}

TEST_F(Cookies, EndWithTheSecretBehindThem) {
  take_cookie(k_start);
  jar.add_macs(message, k_start + k_cookie_use - milliseconds(1));
  EXPECT_TRUE(
      checker.mac2_holds(message, from, k_start + k_cookie_secret_lifetime - milliseconds(1)));
  EXPECT_FALSE(checker.mac2_holds(message, from, k_start + k_cookie_secret_lifetime));
  // A new secret makes the old cookie worthless, even while its holder still has it.
  const Time later = k_start + k_cookie_secret_lifetime;
  (void)checker.reply(message, from, later, keys);
  EXPECT_FALSE(checker.mac2_holds(message, from, later));
}

TEST_F(Cookies, AreNoLongerUsedWhenOld) {
  take_cookie(k_start);
  jar.add_macs(message, k_start + k_cookie_use);
  EXPECT_TRUE(std::ranges::all_of(ByteView(message).last(16), [](auto byte) { return byte == 0; }));
}

TEST_F(Cookies, AreTakenOnlyForTheMessageLastSentAndOnce) {
  const auto reply = checker.reply(message, from, k_start, keys);
  auto broken = reply;
  broken.back() ^= 1;
  EXPECT_FALSE(jar.take(broken, k_start));
  EXPECT_TRUE(jar.take(reply, k_start));
  EXPECT_FALSE(jar.take(reply, k_start));
  CookieJar silent(key());
  EXPECT_FALSE(silent.take(reply, k_start));
}

TEST_F(Cookies, DoNotMakeMac1OptionalOrMalleable) {
  EXPECT_TRUE(checker.mac1_holds(message));
  for (std::size_t i = 0; i < message.size() - wire::k_mac_size; ++i) {
    ByteVector broken = message;
    broken[i] ^= 1;
    EXPECT_FALSE(checker.mac1_holds(broken)) << i;
  }
  PublicKey other = key();
  other[0] ^= 1;
  EXPECT_FALSE(CookieChecker(other).mac1_holds(message));
  EXPECT_FALSE(checker.mac2_holds(message, from, k_start)) << "no secret was ever made";
}

TEST(SourceLimiter, AllowsFiveAtOnceAndTwentyASecond) {
  SourceLimiter limiter(1);
  int allowed = 0;
  for (int i = 0; i < 100; ++i) allowed += limiter.allow(ip("192.0.2.1"), k_start) ? 1 : 0;
  EXPECT_EQ(allowed, 5);
  for (int ms = 1; ms <= 10'000; ++ms) {
    allowed += limiter.allow(ip("192.0.2.1"), k_start + milliseconds(ms)) ? 1 : 0;
  }
  EXPECT_EQ(allowed, 5 + 200);
}

TEST(SourceLimiter, TakesSourcesApartAndAnIpv6NetworkAsOne) {
  SourceLimiter limiter(1);
  const auto exhaust = [&](std::string_view text) {
    while (limiter.allow(ip(text), k_start)) {
    }
  };
  exhaust("192.0.2.1");
  EXPECT_FALSE(limiter.allow(ip("::ffff:192.0.2.1"), k_start));
  EXPECT_TRUE(limiter.allow(ip("192.0.2.2"), k_start));
  exhaust("2001:db8:1:2::1");
  EXPECT_FALSE(limiter.allow(ip("2001:db8:1:2:ffff::9"), k_start));
  EXPECT_TRUE(limiter.allow(ip("2001:db8:1:3::1"), k_start));
}

TEST(SourceLimiter, RefusesNewSourcesWhenFullUntilOldOnesAreQuiet) {
  SourceLimiter limiter(1);
  for (std::uint32_t i = 0; i < SourceLimiter::k_sources_max; ++i) {
    ASSERT_TRUE(limiter.allow(IpAddress::v4(i), k_start));
  }
  EXPECT_FALSE(limiter.allow(ip("192.0.2.1"), k_start));
  EXPECT_TRUE(limiter.allow(IpAddress::v4(0), k_start)) << "who is known is still served";
  EXPECT_TRUE(limiter.allow(ip("192.0.2.1"), k_start + seconds(1)));
}

TEST(LoadMonitor, TakesFewerWhereTheyCannotBeHandledInTime) {
  LoadMonitor monitor(1000, 100);
  Time now = k_start;
  int before = 0;
  while (!monitor.count(now, true)) {
    now += milliseconds(10);  // a tenth of its rate
    ASSERT_LT(++before, 200);
  }
  EXPECT_GE(before, 98);
  EXPECT_LE(before, 101);
  // All is done, once in a while: then the time in between counts.
  now += seconds(2);
  for (int i = 0; i < 1000; ++i) {
    now += milliseconds(10);
    ASSERT_FALSE(monitor.count(now, i % 50 != 0)) << i;
  }
}

TEST(LoadMonitor, IsUnderLoadAboveItsRateAndForASecondAfter) {
  LoadMonitor monitor(1000, 100);
  Time now = k_start;
  for (int i = 0; i < 5000; ++i) {
    now += milliseconds(1);
    ASSERT_FALSE(monitor.count(now, false)) << "at the rate, " << i;
  }
  int before = 0;
  while (!monitor.count(now, false)) ++before;
  EXPECT_GE(before, 98);
  EXPECT_LE(before, 101);
  // The flood ends: no more than a call now and then, still under load for a second.
  EXPECT_TRUE(monitor.count(now + milliseconds(500), false));
  EXPECT_TRUE(monitor.count(now + milliseconds(999), false));
  EXPECT_FALSE(monitor.count(now + milliseconds(1001), false));
}

}  // namespace
}  // namespace weir
