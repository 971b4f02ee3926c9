#include "controller/app/session_server.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/async/on_blocking.h"
#include "common/crypto/p256.h"
#include "common/crypto/x509.h"
#include "common/rpc/call.h"
#include "tests/doubles/loop.h"

namespace weir::controller {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr std::int64_t k_day_ms = 24LL * 3600 * 1000;

std::int64_t now_ms() { return to_unix_ms(SystemClock().wall_now()); }

class SessionServerTest : public testing::Test {
 protected:
  SessionServer::Options options() {
    SessionServer::Options made;
    made.listen = *Endpoint::parse("127.0.0.1:0");
    made.renew_every = milliseconds(1);
    made.make_identity = [this]() -> Result<TlsIdentity> {
      ++made_;
      if (made_ > allowed_) return fail(Code::internal, "no more certificates");
      const P256Key key = P256Key::generate();
      const LeafIdentity leaf{.uri = "weir://demo/controller",
                              .addresses = {*IpAddress::parse("127.0.0.1")}};
      WEIR_ASSIGN(certificate, ca_.issue(make_csr(key), leaf, now_ms(), k_day_ms));
      return TlsIdentity{.certificate_pem = certificate.to_pem(),
                         .key_pem = key.to_pem().reveal(),
                         .ca_pem = ca_.certificate().to_pem()};
    };
    made.renewed = [this] { ++renewed_; };
    made.failed = [this](const std::string& why) { failure_ = why; };
    return made;
  }
  static asio::awaitable<bool> start_in(SessionServer& server) {
    const Status started = server.start();
    EXPECT_TRUE(started) << started.error().message();
    co_return started.has_value();
  }
  static asio::awaitable<bool> stop_in(SessionServer& server) {
    co_await server.stop();
    co_return true;
  }

  SystemClock clock_;
  CertificateAuthority ca_ = CertificateAuthority::create("demo", now_ms(), 10 * k_day_ms);
  RpcRouter router_;
  std::atomic<int> made_ = 0;
  std::atomic<int> allowed_ = 1'000'000;
  std::atomic<int> renewed_ = 0;
  std::string failure_;
  Loop loop_;
};

TEST_F(SessionServerTest, StopsInTheMiddleOfARenewal) {
  // Renewals follow each other without a pause, so that each stop falls into one.
  for (int life = 0; life < 15; ++life) {
    SessionServer server(loop_.executor(), router_, options(), clock_);
    ASSERT_TRUE(loop_.run(start_in(server)));
    const int before = renewed_;
    while (renewed_ < before + 1) std::this_thread::yield();
    EXPECT_TRUE(loop_.run(stop_in(server)));
    const int after = made_;
    EXPECT_TRUE(loop_.run(stop_in(server))) << "again";
    EXPECT_EQ(made_, after) << "a server was started after the stop";
  }
  EXPECT_TRUE(failure_.empty()) << failure_;
}

TEST_F(SessionServerTest, TellsWhenItCannotGoOn) {
  allowed_ = 1;
  SessionServer server(loop_.executor(), router_, options(), clock_);
  ASSERT_TRUE(loop_.run(start_in(server)));
  while (made_ < 2) std::this_thread::yield();
  EXPECT_TRUE(loop_.run(stop_in(server)));
  EXPECT_EQ(failure_, "no more certificates");
}

}  // namespace
}  // namespace weir::controller
