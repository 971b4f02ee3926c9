// Mutual TLS between a server and its clients: who is let in, and what the server knows of them.

#include <gtest/gtest.h>

#include "common/async/clock.h"
#include "common/crypto/x509.h"
#include "common/rpc/call.h"
#include "tests/unit/common/rpc/rpc_fixture.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

constexpr std::int64_t k_day_ms = 24LL * 3600 * 1000;

std::int64_t now_ms() { return to_unix_ms(SystemClock().wall_now()); }

TlsIdentity identity_from(const CertificateAuthority& ca, const std::string& uri,
                          std::int64_t issued_ms = now_ms()) {
  const P256Key key = P256Key::generate();
  const LeafIdentity leaf{.uri = uri, .addresses = {*IpAddress::parse("127.0.0.1")}};
  const auto certificate = ca.issue(make_csr(key), leaf, issued_ms, k_day_ms);
  EXPECT_TRUE(certificate) << certificate.error().message();
  return {.certificate_pem = certificate->to_pem(),
          .key_pem = key.to_pem().reveal(),
          .ca_pem = ca.certificate().to_pem()};
}

class RpcTls : public RpcTest {
 protected:
  RpcTls()
      : ca_(CertificateAuthority::create("demo", now_ms(), 10 * k_day_ms)),
        other_ca_(CertificateAuthority::create("demo", now_ms(), 10 * k_day_ms)) {
    router_.add("/t/Who", [this](CallContext context, std::shared_ptr<ControlStream> stream) {
      return answer(std::move(context), std::move(stream));
    });
    server_ = std::make_unique<RpcServer>(server_loop_.executor(), router_);
    server_->listen_tls(*Endpoint::parse("127.0.0.1:0"),
                        identity_from(ca_, "weir://demo/controller"));
    const Status started = server_->start();
    EXPECT_TRUE(started) << started.error().message();
  }

  asio::awaitable<Status> answer(CallContext context, std::shared_ptr<ControlStream> stream) {
    peer_ = context.peer;
    co_return stream->write("you");
  }

  Result<std::string> call_with(std::optional<TlsIdentity> identity) {
    RpcChannelOptions options;
    options.target = "127.0.0.1:" + std::to_string(server_->port());
    options.tls = std::move(identity);
    auto channel = RpcChannel::create(client_.executor(), std::move(options));
    EXPECT_TRUE(channel);
    auto reply = client_.run(call_bytes(**channel, "/t/Who", "a", 10s));
    client_.run((*channel)->stop());
    return reply;
  }

  CertificateAuthority ca_;
  CertificateAuthority other_ca_;
  PeerIdentity peer_;
};

TEST_F(RpcTls, TellsTheHandlerWhoseCertificateTheClientShowed) {
  const auto reply = call_with(identity_from(ca_, "weir://demo/agent/us-east-1/agent-1"));
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_TRUE(peer_.authenticated);
  EXPECT_EQ(peer_.uris, std::vector<std::string>{"weir://demo/agent/us-east-1/agent-1"});
  EXPECT_TRUE(peer_.address.starts_with("ipv4:127.0.0.1:")) << peer_.address;
  EXPECT_FALSE(peer_.local);
}

TEST_F(RpcTls, RefusesAClientWithoutACertificate) {
  EXPECT_FALSE(call_with(std::nullopt));
  EXPECT_TRUE(peer_.address.empty());
}

TEST_F(RpcTls, RefusesAClientOfAnotherCa) {
  TlsIdentity stranger = identity_from(other_ca_, "weir://demo/agent/us-east-1/agent-1");
  stranger.ca_pem = ca_.certificate().to_pem();  // it believes the server all the same
  EXPECT_FALSE(call_with(std::move(stranger)));
  EXPECT_TRUE(peer_.address.empty());
}

TEST_F(RpcTls, RefusesAClientWhoseCertificateHasEnded) {
  const std::int64_t before = now_ms() - 2 * k_day_ms;
  EXPECT_FALSE(call_with(identity_from(ca_, "weir://demo/agent/us-east-1/agent-1", before)));
  EXPECT_TRUE(peer_.address.empty());
}

TEST_F(RpcTls, RefusesAServerOfAnotherCa) {
  TlsIdentity doubting = identity_from(ca_, "weir://demo/agent/us-east-1/agent-1");
  doubting.ca_pem = other_ca_.certificate().to_pem();
  EXPECT_FALSE(call_with(std::move(doubting)));
}

TEST_F(RpcTls, ServesWhatComesInThroughOneDevice) {
  server_loop_.run(server_->stop());
  server_ = std::make_unique<RpcServer>(server_loop_.executor(), router_);
  server_->listen_tls(*Endpoint::parse("127.0.0.1:0"), identity_from(ca_, "weir://demo/controller"),
                      "lo");
  const Status started = server_->start();
  ASSERT_TRUE(started) << started.error().message();
  ASSERT_NE(server_->port(), 0U);
  for (int i = 0; i < 3; ++i) {
    const auto reply = call_with(identity_from(ca_, "weir://demo/agent/us-east-1/agent-1"));
    ASSERT_TRUE(reply) << reply.error().message();
  }
  EXPECT_TRUE(peer_.address.starts_with("ipv4:127.0.0.1:")) << peer_.address;
  EXPECT_EQ(peer_.uris, std::vector<std::string>{"weir://demo/agent/us-east-1/agent-1"});
}

TEST_F(RpcTls, NamesADeviceItCannotListenOn) {
  RpcServer server(server_loop_.executor(), router_);
  server.listen_insecure(*Endpoint::parse("127.0.0.1:0"), "no-such-device");
  const Status started = server.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), Code::unavailable);
  EXPECT_NE(started.error().message().find("no-such-device"), std::string::npos);
}

TEST_F(RpcTls, NeedsEveryPartOfAnIdentity) {
  RpcServer server(server_loop_.executor(), router_);
  server.listen_tls(*Endpoint::parse("127.0.0.1:0"), TlsIdentity{});
  const Status started = server.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), Code::invalid_argument);
}

}  // namespace
}  // namespace weir
