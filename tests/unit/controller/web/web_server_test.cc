#include "controller/web/web_server.h"

#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <future>
#include <thread>

#include "common/crypto/x509.h"
#include "controller/api/admin_service.h"
#include "controller/web/gzip.h"
#include "tests/unit/controller/api/answering_backend.h"
#include "tests/unit/controller/web/site_fixture.h"

namespace weir::controller {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

/// A real server on loopback, and its API on a thread of its own.
class WebServers : public testing::Test {
 protected:
  explicit WebServers(std::optional<WebServer::Tls> tls = {},
                      std::chrono::milliseconds write_within = WebServer::k_write_within) {
    service_.serve(router_);
    auto parts = site_parts(files_, door_, keys_, clock_);
    parts.secure = tls.has_value();
    parts.role_without_sign_in = "viewer";
    server_.emplace(WebServer::Options{.listen = *Endpoint::parse("127.0.0.1:0"),
                                       .tls = std::move(tls),
                                       .site = std::move(parts),
                                       .write_within = write_within});
    const Status started = server_->start();
    EXPECT_TRUE(started);
    core_thread_ = std::thread([this] { core_.run(); });
  }
  ~WebServers() override {
    std::promise<void> ended;
    server_->begin_stop([&ended] { ended.set_value(); });
    ended.get_future().wait();
    server_->join();
    server_.reset();
    work_.reset();
    core_thread_.join();
  }

  tcp::socket connect() {
    tcp::socket socket(client_);
    socket.connect({asio::ip::address_v4::loopback(), server_->port()});
    return socket;
  }

  static void ask(tcp::socket& socket, const std::string& target) {
    asio::write(socket, asio::buffer("GET " + target + " HTTP/1.1\r\nHost: weir:1\r\n\r\n"));
  }

  static http::response<http::string_body> get(tcp::socket& socket, const std::string& target) {
    ask(socket, target);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> reply;
    http::read(socket, buffer, reply);
    return reply;
  }

  /// What comes until `end` has come.
  static std::string read_until(tcp::socket& socket, const std::string& end) {
    std::string text;
    asio::read_until(socket, asio::dynamic_buffer(text), end);
    return text;
  }

  /// On the core thread, where the API lives.
  void on_core(const std::function<void()>& change) {
    std::promise<void> done;
    asio::post(core_, [&] {
      change();
      done.set_value();
    });
    done.get_future().wait();
  }

  const std::string page_ = gzip("<html>");
  const SiteFiles files_ = {{"/index.html", {.type = "text/html", .gzip = page_, .etag = "\"1\""}}};
  asio::io_context client_;
  asio::io_context core_{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_{
      core_.get_executor()};
  SystemClock clock_;
  SystemKeySource keys_;
  AnsweringBackend backend_;
  AdminService service_{backend_, clock_};
  RpcRouter router_;
  ApiDoor door_{core_.get_executor(), router_};
  std::optional<WebServer> server_;
  std::thread core_thread_;
};

TEST_F(WebServers, AnswerOneAfterTheOtherOnAConnection) {
  tcp::socket socket = connect();
  const auto page = get(socket, "/");
  EXPECT_EQ(page.body(), "<html>");
  EXPECT_NE(std::string(page["Content-Security-Policy"]).find("default-src 'none'"),
            std::string::npos);
  EXPECT_EQ(get(socket, "/api/v1/status").result_int(), 200U);
  EXPECT_EQ(get(socket, "/api/v1/nothing").result_int(), 404U);
}

TEST_F(WebServers, EndAConnectionThatSpeaksNoHttp) {
  tcp::socket socket = connect();
  asio::write(socket, asio::buffer(std::string("\x16\x03\x01 hello\r\n\r\n")));
  boost::system::error_code problem;
  std::string rest;
  asio::read_until(socket, asio::dynamic_buffer(rest), "never", problem);
  EXPECT_TRUE(problem);
  tcp::socket big = connect();
  asio::write(big, asio::buffer("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x')), problem);
  asio::read_until(big, asio::dynamic_buffer(rest), "never", problem);
  EXPECT_TRUE(problem);
}

TEST_F(WebServers, StreamWhatIsThereAndWhatChanges) {
  tcp::socket socket = connect();
  ask(socket, "/api/v1/stream");
  EXPECT_NE(read_until(socket, "event: agents\n").find("text/event-stream"), std::string::npos);
  on_core([this] { backend_.agents_now.add_agents()->set_agent("us/agent-1"); });
  EXPECT_NE(read_until(socket, "us/agent-1").find("event: agents"), std::string::npos);
}

TEST_F(WebServers, AreNotHeldUpByBrowsersThatNeverRead) {
  // A large mesh: each change is a text of a megabyte, for everybody.
  on_core([this] {
    for (int i = 0; i < 4000; ++i)
      backend_.agents_now.add_agents()->set_agent(std::string(250, 'a'));
  });
  std::vector<tcp::socket> stuck;
  for (int i = 0; i < 50; ++i) {
    stuck.push_back(connect());
    ask(stuck.back(), "/api/v1/stream");
  }
  tcp::socket reader = connect();
  ask(reader, "/api/v1/stream");
  for (int round = 0; round < 3; ++round) {
    const std::string name = "round-" + std::to_string(round);
    on_core([this, &name] { backend_.agents_now.mutable_agents(0)->set_agent(name); });
    EXPECT_NE(read_until(reader, name).size(), 0U);
  }
  EXPECT_EQ(server_->counters().streams, 51U);
  tcp::socket other = connect();
  EXPECT_EQ(get(other, "/api/v1/status").result_int(), 200U);
}

/// Twenty seconds, made short.
class ImpatientWebServers : public WebServers {
 protected:
  ImpatientWebServers() : WebServers({}, std::chrono::milliseconds(300)) {}
};

TEST_F(ImpatientWebServers, CutABrowserThatNeverReads) {
  EXPECT_EQ(WebServer::k_write_within, std::chrono::seconds(20));
  // More than the buffers of both ends take.
  on_core([this] {
    for (int i = 0; i < 12'000; ++i)
      backend_.agents_now.add_agents()->set_agent(std::string(900, 'a'));
  });
  tcp::socket stuck(client_);
  stuck.open(tcp::v4());
  stuck.set_option(tcp::socket::receive_buffer_size(4096));
  stuck.connect({asio::ip::address_v4::loopback(), server_->port()});
  ask(stuck, "/api/v1/stream");
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  tcp::socket other = connect();
  bool followed = false;
  // Others are answered meanwhile.
  while (std::chrono::steady_clock::now() < give_up) {
    ASSERT_EQ(get(other, "/api/v1/nothing").result_int(), 404U);
    const auto streams = server_->counters().streams;
    followed = followed || streams == 1;
    if (followed && streams == 0) break;
  }
  EXPECT_TRUE(followed);
  EXPECT_EQ(server_->counters().streams, 0U);
  // It was cut, not ended: what had not been taken is gone.
  boost::system::error_code problem;
  std::vector<char> rest(1 << 20);
  std::size_t taken = 0;
  while (!problem) taken += stuck.read_some(asio::buffer(rest), problem);
  EXPECT_EQ(problem, asio::error::connection_reset) << problem.message();
  EXPECT_LT(taken, std::size_t{9} << 20U);
}

WebServer::Tls own_certificate() {
  const auto ca = CertificateAuthority::create("demo", to_unix_ms(SystemClock().wall_now()),
                                               24LL * 3600 * 1000);
  return {.certificate_pem = ca.certificate().to_pem(), .key_pem = ca.key_pem().reveal()};
}

class SecureWebServers : public WebServers {
 protected:
  SecureWebServers() : WebServers(own_certificate()) {}
};

TEST_F(SecureWebServers, SpeakTlsAndGiveACookieOfTheirOwnHost) {
  asio::ssl::context trust(asio::ssl::context::tls_client);
  asio::ssl::stream<tcp::socket> stream(connect(), trust);
  stream.handshake(asio::ssl::stream_base::client);
  const std::string body = R"({"token":"let me in as admin"})";
  asio::write(stream, asio::buffer("POST /api/v1/session HTTP/1.1\r\nHost: weir:1\r\nOrigin: "
                                   "https://weir:1\r\nContent-Length: " +
                                   std::to_string(body.size()) + "\r\n\r\n" + body));
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> reply;
  http::read(stream, buffer, reply);
  EXPECT_EQ(reply.result_int(), 200U) << reply.body();
  const std::string cookie(reply[http::field::set_cookie]);
  EXPECT_TRUE(cookie.starts_with("__Host-weir=")) << cookie;
  EXPECT_NE(cookie.find("; Secure"), std::string::npos) << cookie;
  EXPECT_NE(reply["Strict-Transport-Security"], "");
}

TEST_F(SecureWebServers, EndAConnectionWithoutTls) {
  tcp::socket socket = connect();
  boost::system::error_code problem;
  asio::write(socket, asio::buffer(std::string("GET / HTTP/1.1\r\nHost: weir:1\r\n\r\n")));
  std::string answer;
  asio::read_until(socket, asio::dynamic_buffer(answer), "never", problem);
  EXPECT_TRUE(problem);
  EXPECT_EQ(answer.find("200 OK"), std::string::npos);
}

}  // namespace
}  // namespace weir::controller
