#include "deploy/demo/load/load_run.h"

#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>

#include "common/base/text.h"

namespace weir::load {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto k_as_value = asio::as_tuple(asio::use_awaitable);
const std::string k_good = "HTTP/1.1 200 OK\r\nX-Served-By: eu/1\r\nContent-Length: 2\r\n\r\nok";

/// Answers each connection's requests from a script; "" closes it, "silence" never answers.
class Server {
 public:
  Server(asio::io_context& context, std::vector<std::string> script)
      : acceptor_(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        script_(std::move(script)),
        tasks_(context.get_executor()) {
    tasks_.spawn("accept", take());
  }

  std::string address() const {
    return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  std::size_t connections() const { return connections_; }
  void stop() {
    acceptor_.close();
    tasks_.stop();
  }

 private:
  asio::awaitable<void> take() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (true) {
      auto [error, socket] = co_await acceptor_.async_accept(k_as_value);
      if (error) co_return;
      ++connections_;
      tasks_.spawn("serve", serve(std::move(socket)));
    }
  }

  asio::awaitable<void> serve(tcp::socket socket) {
    co_await asio::this_coro::throw_if_cancelled(false);
    std::string in;
    while (true) {
      auto buffer = asio::dynamic_buffer(in, 4096);
      const auto [error, size] =
          co_await asio::async_read_until(socket, buffer, "\r\n\r\n", k_as_value);
      if (error) co_return;
      in.erase(0, size);
      const std::string answer = script_[next_++ % script_.size()];
      if (answer.empty()) co_return;
      if (answer == "silence") continue;
      co_await asio::async_write(socket, asio::buffer(answer), k_as_value);
    }
  }

  tcp::acceptor acceptor_;
  std::vector<std::string> script_;
  std::size_t next_ = 0;
  std::size_t connections_ = 0;
  TaskGroup tasks_;
};

struct Finished {
  boost::json::object total;
  std::size_t connections = 0;
};

/// Runs `count` requests, one per `gap`, against a server with this script.
Finished run(std::vector<std::string> script, int count, Duration deadline,
             std::chrono::milliseconds gap = std::chrono::milliseconds(1)) {
  asio::io_context context(1);
  Server server(context, std::move(script));
  SystemClock clock;
  LoadOptions options;
  options.request = {*Endpoint::parse(server.address()), "h", "/", {}, deadline};
  options.source = "test";
  options.per_second = 1000.0 / static_cast<double>(gap.count());
  options.duration = gap * count;
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  LoadRun load(context.get_executor(), options, clock, out);
  TaskGroup tasks(context.get_executor());
  const auto whole = [](LoadRun& one, Server& other) -> asio::awaitable<void> {
    co_await one.run();
    other.stop();
  };
  tasks.spawn("load", whole(load, server));
  context.run();
  std::fclose(out);
  Finished finished;
  for (const std::string_view line : split({text, size}, '\n')) {
    if (line.find("\"total\"") != line.npos) {
      finished.total = boost::json::parse({line.data(), line.size()}).as_object();
    }
  }
  finished.connections = server.connections();
  std::free(text);  // NOLINT: open_memstream's
  return finished;
}

TEST(LoadRun, SendsAtItsRateAndKeepsConnections) {
  const Finished finished =
      run({k_good}, 100, std::chrono::seconds(30), std::chrono::milliseconds(20));
  EXPECT_EQ(finished.total.at("sent"), 100);
  EXPECT_EQ(finished.total.at("answered"), 100);
  EXPECT_EQ(finished.total.at("regions").at("eu"), 100);
  EXPECT_LT(finished.connections, 100U);
}

TEST(LoadRun, ReplacesAKeptConnectionThatTheServerClosed) {
  const Finished finished =
      run({k_good, ""}, 3, std::chrono::seconds(30), std::chrono::milliseconds(100));
  EXPECT_EQ(finished.total.at("answered"), 3);
  EXPECT_EQ(finished.connections, 3U);
}

TEST(LoadRun, CountsAsLostWhatIsNeverAnswered) {
  const Finished finished = run({"silence"}, 20, std::chrono::milliseconds(50));
  EXPECT_EQ(finished.total.at("lost"), 20);
  EXPECT_EQ(finished.total.at("reasons").at("timeout"), 20);
}

TEST(LoadRun, CountsAsLostWhatTheGatewayRefused) {
  const Finished finished = run({"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"},
                                10, std::chrono::seconds(30));
  EXPECT_EQ(finished.total.at("lost"), 10);
  EXPECT_EQ(finished.total.at("reasons").at("status 503"), 10);
}

TEST(LoadRun, SurvivesAnswersThatAreNoHttp) {
  const Finished finished = run({"\x01\x02 nonsense\r\n\r\n"}, 10, std::chrono::seconds(30));
  EXPECT_EQ(finished.total.at("lost"), 10);
  EXPECT_EQ(finished.total.at("reasons").at("reset"), 10);
}

}  // namespace
}  // namespace weir::load
