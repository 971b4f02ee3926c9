#include <gtest/gtest.h>
#include <signal.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>

#include "agent/health/check_transport.h"
#include "agent/health/child_process.h"
#include "agent/health/http_answer.h"
#include "common/async/clock.h"

namespace weir::agent {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;

/// A server that says one thing to everybody, then closes; or says nothing.
class Server {
 public:
  Server(asio::io_context& context, std::string answer)
      : acceptor_(context, {asio::ip::address_v4::loopback(), 0}), answer_(std::move(answer)) {
    asio::co_spawn(context, serve(), asio::detached);
  }
  Endpoint endpoint() const {
    return {IpAddress::v4(0x7f000001), acceptor_.local_endpoint().port()};
  }
  const std::string& asked() const { return asked_; }

 private:
  asio::awaitable<void> serve() {
    for (;;) {
      auto [problem, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
      if (problem) co_return;
      if (answer_.empty()) {
        held_.push_back(std::move(socket));
        continue;
      }
      std::array<char, 1024> buffer{};
      const auto [unread, size] = co_await socket.async_read_some(
          asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
      asked_.assign(buffer.data(), size);
      co_await asio::async_write(socket, asio::buffer(answer_),
                                 asio::as_tuple(asio::use_awaitable));
    }
  }

  tcp::acceptor acceptor_;
  const std::string answer_;
  std::string asked_;
  std::vector<tcp::socket> held_;
};

class Checks : public testing::Test {
 protected:
  Status check(const HealthCheckSpec& spec, const Endpoint& endpoint,
               milliseconds timeout = milliseconds(5000)) {
    const auto transport = make_check_transport(spec, clock_, exec_dir_);
    std::optional<Status> result;
    asio::co_spawn(context_, transport->check(endpoint, timeout),
                   [&](const std::exception_ptr&, const Status& status) { result = status; });
    const Time give_up = clock_.now() + std::chrono::seconds(20);
    while (!result && clock_.now() < give_up) {
      context_.restart();
      context_.run_one_for(milliseconds(100));
    }
    return result.value_or(fail(Code::internal, "the check did not end"));
  }

  std::string complaint(const HealthCheckSpec& spec, const Endpoint& endpoint,
                        milliseconds timeout = milliseconds(5000)) {
    const Status status = check(spec, endpoint, timeout);
    return status ? "healthy" : status.error().message();
  }

  static HealthCheckSpec of(HealthCheckSpec::Kind kind) {
    HealthCheckSpec spec;
    spec.kind = kind;
    return spec;
  }

  Endpoint nobody() {
    const tcp::acceptor gone(context_, {asio::ip::address_v4::loopback(), 0});
    return {IpAddress::v4(0x7f000001), gone.local_endpoint().port()};
  }

  asio::io_context context_;
  SystemClock clock_;
  std::filesystem::path exec_dir_ = "/bin";
};

TEST_F(Checks, TcpNeedsAConnectionAndNoMore) {
  const Server silent(context_, "");
  EXPECT_EQ(complaint(of(HealthCheckSpec::Kind::tcp), silent.endpoint()), "healthy");
  EXPECT_EQ(complaint(of(HealthCheckSpec::Kind::tcp), nobody()), "connection refused");
}

TEST_F(Checks, HttpAsksAsConfigured) {
  const Server server(context_, "HTTP/1.1 204 No Content\r\n\r\n");
  HealthCheckSpec spec = of(HealthCheckSpec::Kind::http);
  spec.http_path = "/healthz?x=1";
  spec.http_host = "web.example";
  EXPECT_EQ(complaint(spec, server.endpoint()), "healthy");
  EXPECT_EQ(server.asked().substr(0, 51),
            "GET /healthz?x=1 HTTP/1.1\r\nHost: web.example\r\nUser-");
}

TEST_F(Checks, HttpGivesUpOnASilentServerAtItsTimeout) {
  const Server silent(context_, "");
  const Time start = clock_.now();
  EXPECT_EQ(complaint(of(HealthCheckSpec::Kind::http), silent.endpoint(), milliseconds(100)),
            "no answer within 100 ms");
  EXPECT_GE(clock_.now() - start, milliseconds(100));
  EXPECT_EQ(complaint(of(HealthCheckSpec::Kind::http), nobody()), "connection refused");
}

struct Answer {
  const char* name;
  std::string answer;
  std::string complaint;
};

class HttpAnswerTable : public testing::TestWithParam<Answer> {};

TEST_P(HttpAnswerTable, IsJudgedTheSameInOnePieceAndByteByByte) {
  HealthCheckSpec spec;
  spec.http_body_contains = "ready";
  spec.http_header_name = "X-State";
  spec.http_header_value = "ok";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, GetParam().answer.size() + 1}) {
    HttpAnswer answer(spec);
    Result<bool> enough = false;
    const ByteView bytes = as_bytes(GetParam().answer);
    for (std::size_t at = 0; at < bytes.size() && enough && !*enough; at += piece) {
      enough = answer.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)));
    }
    Status verdict;
    if (!enough) {
      verdict = fail(enough.error());
    } else {
      if (!*enough) verdict = answer.end();
      if (verdict) verdict = answer.verdict();
    }
    const std::string said = verdict ? "healthy" : verdict.error().message();
    EXPECT_EQ(said.substr(0, GetParam().complaint.size()), GetParam().complaint)
        << said << " in pieces of " << piece;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, HttpAnswerTable,
    testing::Values(
        Answer{"Plain", "HTTP/1.1 200 OK\r\nX-State: ok\r\nContent-Length: 5\r\n\r\nready",
               "healthy"},
        Answer{"UntilTheEnd", "HTTP/1.0 200 OK\r\nx-state: ok\r\n\r\nI am ready", "healthy"},
        Answer{"Chunked",
               "HTTP/1.1 200 OK\r\nX-State: ok\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3\r\nrea\r\n2\r\ndy\r\n0\r\n\r\n",
               "healthy"},
        Answer{"EmptyChunked",
               "HTTP/1.1 200 OK\r\nX-State: ok\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
               "the body does not contain"},
        Answer{"ChunksWithExtensionsAndTrailers",
               "HTTP/1.1 200 OK\r\nX-State: ok\r\nTransfer-Encoding: Chunked\r\n\r\n"
               "5;a=b\r\nready\r\n0\r\nX-Sum: 1\r\n\r\n",
               "healthy"},
        Answer{"Interim",
               "HTTP/1.1 103 Early Hints\r\nX-State: no\r\n\r\n"
               "HTTP/1.1 200 OK\r\nX-State: ok\r\nContent-Length: 5\r\n\r\nready",
               "healthy"},
        Answer{"BareLineEnds", "HTTP/1.0 200 OK\nX-State: ok\nContent-Length: 5\n\nready",
               "healthy"},
        Answer{"LengthAndChunks",
               "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
               "the answer is not HTTP/1: a length and chunks as well"},
        Answer{"TwoLengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
               "the answer is not HTTP/1: two different lengths"},
        Answer{"HugeChunk",
               "HTTP/1.1 200 OK\r\nX-State: ok\r\nTransfer-Encoding: chunked\r\n\r\n"
               "ffffffffffffffff\r\nready\r\n",
               "the answer is longer than 64 KiB"},
        Answer{"LyingChunk",
               "HTTP/1.1 200 OK\r\nX-State: ok\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3\r\nready\r\n0\r\n\r\n",
               "the answer is not HTTP/1: a chunk is longer than its size"},
        Answer{"WrongStatus", "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
               "status 503, wanted 200 to 399"},
        Answer{"WrongBody", "HTTP/1.1 200 OK\r\nX-State: ok\r\nContent-Length: 2\r\n\r\nno",
               "the body does not contain \"ready\""},
        Answer{"NoHeader", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready",
               "header \"X-State\" is missing"},
        Answer{"WrongHeader", "HTTP/1.1 200 OK\r\nX-State: bad\r\nContent-Length: 5\r\n\r\nready",
               "header \"X-State\" is \"bad\", wanted \"ok\""},
        Answer{"CutOff", "HTTP/1.1 200 OK\r\nX-State: ok\r\nContent-Length: 9\r\n\r\nready",
               "the connection was closed before the answer ended"},
        Answer{"NotHttp", "SSH-2.0-OpenSSH\r\n\r\n", "the answer is not HTTP"},
        Answer{"Nothing", "", "the connection was closed before the answer ended"},
        Answer{"Endless", "HTTP/1.1 200 OK\r\nX-State: ok\r\n\r\n" + std::string(70000, 'x'),
               "the answer is longer than 64 KiB"},
        Answer{"EndlessHead", "HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'x') + "\r\n\r\n",
               "the answer is not HTTP"}),
    [](const auto& row) { return row.param.name; });

class ExecChecks : public Checks {
 protected:
  HealthCheckSpec script(const std::string& text) {
    HealthCheckSpec spec = of(HealthCheckSpec::Kind::exec);
    spec.exec_argv = {"sh", "-c", text, "check"};
    return spec;
  }
  const Endpoint endpoint_{IpAddress::v4(0x0a010001), 80};
};

TEST_F(ExecChecks, TheExitCodeDecidesAndTheFirstLineIsTheReason) {
  EXPECT_EQ(complaint(script("test \"$1\" = 10.1.0.1:80"), endpoint_), "healthy");
  EXPECT_EQ(complaint(script("echo disk full; echo more; exit 3"), endpoint_),
            "exit code 3: \"disk full\"");
  EXPECT_EQ(complaint(script("exit 7"), endpoint_), "exit code 7");
  EXPECT_EQ(complaint(script("kill -TERM $$"), endpoint_), "killed by signal 15");
}

TEST_F(ExecChecks, ReasonsCannotWriteToATerminalOrGrow) {
  EXPECT_EQ(complaint(script("printf 'a\\033[2Jb\\n'; exit 1"), endpoint_),
            "exit code 1: \"a?[2Jb\"");
  EXPECT_LE(complaint(script("head -c 300000 /dev/zero | tr '\\0' x; exit 1"), endpoint_).size(),
            300U);
  EXPECT_EQ(first_line(std::string(500, 'x') + "\n").size(), 200U);
}

TEST_F(ExecChecks, KillsTheWholeGroupAtTheTimeout) {
  const auto file =
      std::filesystem::temp_directory_path() / ("weir_exec_check_" + std::to_string(::getpid()));
  const auto spec = script("sleep 1000 & echo $! > " + file.string() + "; wait");
  EXPECT_EQ(complaint(spec, endpoint_, milliseconds(300)), "no answer within 300 ms");
  pid_t child = 0;
  std::ifstream(file) >> child;
  std::filesystem::remove(file);
  ASSERT_GT(child, 0);
  // Dead, or a zombie that waits for init to collect it.
  bool gone = false;
  const auto work = asio::make_work_guard(context_);  // makes run_for take its time
  for (int i = 0; i < 400 && !gone; ++i) {
    std::string line;
    std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
    gone = !std::getline(stat, line) || line.find(") Z ") != std::string::npos;
    context_.restart();
    context_.run_for(milliseconds(10));
  }
  EXPECT_TRUE(gone);
}

TEST_F(ExecChecks, DoesNotWaitForWhatTheProgramLeftBehind) {
  const Time start = clock_.now();
  EXPECT_EQ(complaint(script("sleep 1000 & exit 0"), endpoint_), "healthy");
  EXPECT_LT(clock_.now() - start, milliseconds(4000));
}

TEST_F(ExecChecks, GivesNothingOfItselfToTheProgram) {
  EXPECT_EQ(complaint(script("test \"$(ls /proc/self/fd | wc -l)\" -le 4 && test -z \"$HOME\""),
                      endpoint_),
            "healthy");
}

TEST_F(ExecChecks, SaysWhichProgramIsMissing) {
  HealthCheckSpec spec = of(HealthCheckSpec::Kind::exec);
  spec.exec_argv = {"no-such-program"};
  EXPECT_EQ(complaint(spec, endpoint_),
            "cannot start \"/bin/no-such-program\": No such file or directory");
}

TEST_F(ExecChecks, RunsNothingFromOutsideItsFolder) {
  HealthCheckSpec spec = of(HealthCheckSpec::Kind::exec);
  for (const char* name : {"/bin/true", "../bin/true", "sub/true", "./true", ".", "..", ""}) {
    spec.exec_argv = {name};
    EXPECT_EQ(complaint(spec, endpoint_),
              "program \"" + std::string(name) +
                  "\" is not run: it must be the name of a file in /bin, without a slash");
  }
  spec.exec_argv = {"true"};
  EXPECT_EQ(complaint(spec, endpoint_), "healthy");
}

TEST_F(ExecChecks, RunsNothingAtAllUnlessTheAgentNamesAFolder) {
  exec_dir_.clear();
  EXPECT_EQ(complaint(script("exit 0"), endpoint_),
            "program \"sh\" is not run: this agent has no health.exec_dir; set it to the folder of "
            "its checks");
}

}  // namespace
}  // namespace weir::agent
