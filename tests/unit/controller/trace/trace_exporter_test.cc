#include "controller/trace/trace_exporter.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <functional>
#include <thread>

#include "common/crypto/p256.h"
#include "common/crypto/x509.h"

namespace weir::controller {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Request = http::request<http::string_body>;
using Reply = http::response<http::string_body>;

/// A collector on loopback, each request answered by hand.
class Collectors : public testing::Test {
 protected:
  Collectors() : acceptor_(context_, {asio::ip::address_v4::loopback(), 0}) {}

  TraceExporter::Options options() const {
    const std::string url = "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    return {.collector = *parse_collector(url),
            .headers = {{"Authorization", "Bearer sesame"}},
            .source = {.mesh = "demo", .version = "1"},
            .spans_max = 20,
            .batch_spans = 10,
            .linger = milliseconds(1),
            .pause_first = milliseconds(1),
            .pause_longest = milliseconds(2)};
  }

  static Trace trace_of(std::uint64_t id, std::size_t spans) {
    return {.id_high = 0, .id_low = id, .spans = std::vector<Span>(spans, Span{.name = "step"})};
  }

  tcp::socket accept() { return acceptor_.accept(); }

  template <typename Stream>
  static Request read(Stream& stream) {
    boost::beast::flat_buffer buffer;
    Request request;
    http::read(stream, buffer, request);
    return request;
  }

  template <typename Stream>
  static void answer(Stream& stream, unsigned status, const std::string& body = "{}") {
    Reply reply(static_cast<http::status>(status), 11);
    reply.body() = body;
    reply.prepare_payload();
    http::write(stream, reply);
  }

  /// The next request, answered.
  Request serve(unsigned status, const std::string& body = "{}") {
    tcp::socket socket = accept();
    Request request = read(socket);
    answer(socket, status, body);
    return request;
  }

  /// Looks until it is so; a counter moves shortly after the reply was sent.
  static bool comes_true(const std::function<bool()>& so) {
    SystemClock clock;
    const Time end = clock.now() + seconds(20);
    while (!so() && clock.now() < end) std::this_thread::yield();
    return so();
  }

  static bool holds(const Request& request, std::uint64_t id) {
    return request.body().find(std::string(31, '0') + std::to_string(id)) != std::string::npos;
  }

  asio::io_context context_;
  tcp::acceptor acceptor_;
  SystemClock clock_;
  Log log_{LogLevel::error};
};

TEST_F(Collectors, AreToldOfTraces) {
  TraceExporter exporter(options(), clock_, log_);
  ASSERT_TRUE(exporter.start());
  exporter.add(trace_of(1, 3));
  const Request request = serve(200);
  EXPECT_EQ(request.method(), http::verb::post);
  EXPECT_EQ(request.target(), "/v1/traces");
  EXPECT_EQ(request[http::field::content_type], "application/json");
  EXPECT_EQ(request[http::field::authorization], "Bearer sesame");
  EXPECT_EQ(request[http::field::host],
            "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()));
  EXPECT_TRUE(holds(request, 1)) << request.body();
  EXPECT_TRUE(comes_true([&] { return exporter.counters().sent == 3; }));
  EXPECT_EQ(exporter.counters().waiting, 0U);
}

TEST_F(Collectors, ThatAreTooBusyAreAskedAgain) {
  TraceExporter exporter(options(), clock_, log_);
  ASSERT_TRUE(exporter.start());
  exporter.add(trace_of(1, 3));
  for (const unsigned status : {429U, 502U, 503U, 504U}) EXPECT_TRUE(holds(serve(status), 1));
  EXPECT_EQ(exporter.counters().sent, 0U);
  EXPECT_TRUE(holds(serve(202), 1));
  EXPECT_TRUE(comes_true([&] { return exporter.counters().sent == 3; }));
  EXPECT_EQ(exporter.counters().failed, 0U);
}

TEST_F(Collectors, ThatRefuseAreNotAskedAgain) {
  TraceExporter exporter(options(), clock_, log_);
  ASSERT_TRUE(exporter.start());
  exporter.add(trace_of(1, 3));
  EXPECT_TRUE(holds(serve(500), 1));
  EXPECT_TRUE(comes_true([&] { return exporter.counters().failed == 3; }));
  exporter.add(trace_of(2, 2));
  EXPECT_TRUE(holds(serve(200), 2));
  EXPECT_TRUE(comes_true([&] { return exporter.counters().sent == 2; }));
}

TEST_F(Collectors, MayTakeAPart) {
  TraceExporter exporter(options(), clock_, log_);
  ASSERT_TRUE(exporter.start());
  exporter.add(trace_of(1, 3));
  serve(200, R"({"partialSuccess": {"rejectedSpans": "2", "errorMessage": "too old"}})");
  EXPECT_TRUE(comes_true([&] { return exporter.counters().failed == 2; }));
  EXPECT_EQ(exporter.counters().sent, 1U);
}

TEST_F(Collectors, ThatHangAreLeftAndAskedAgain) {
  auto made = options();
  made.patience = milliseconds(500);
  TraceExporter exporter(std::move(made), clock_, log_);
  ASSERT_TRUE(exporter.start());
  exporter.add(trace_of(1, 3));
  tcp::socket silent = accept();
  (void)read(silent);
  EXPECT_TRUE(holds(serve(200), 1));
  EXPECT_TRUE(comes_true([&] { return exporter.counters().sent == 3; }));
}

TEST_F(Collectors, ThatHangCostTheOldestTracesAndNothingElse) {
  TraceExporter exporter(options(), clock_, log_);
  ASSERT_TRUE(exporter.start());
  exporter.add(trace_of(1, 5));
  tcp::socket silent = accept();
  EXPECT_TRUE(holds(read(silent), 1));
  for (std::uint64_t id = 2; id <= 7; ++id) exporter.add(trace_of(id, 5));
  EXPECT_EQ(exporter.counters().dropped, 10U);
  EXPECT_EQ(exporter.counters().waiting, 25U) << "those on their way are held beside the queue";
  answer(silent, 200);
  const Request next = serve(200);
  EXPECT_TRUE(holds(next, 4) && holds(next, 5) && !holds(next, 3) && !holds(next, 6))
      << "a batch of the oldest that are left";
  EXPECT_TRUE(holds(serve(200), 7));
  EXPECT_TRUE(comes_true([&] { return exporter.counters().sent == 25; }));
}

TEST_F(Collectors, ThatAnswerWhatIsNoHttpAreAskedAgain) {
  TraceExporter exporter(options(), clock_, log_);
  ASSERT_TRUE(exporter.start());
  exporter.add(trace_of(1, 3));
  {
    tcp::socket socket = accept();
    (void)read(socket);
    asio::write(socket, asio::buffer(std::string("what?\r\n\r\n")));
  }
  {
    tcp::socket socket = accept();
    (void)read(socket);
    answer(socket, 200, std::string(100'000, 'x'));
  }
  EXPECT_TRUE(holds(serve(200), 1));
  EXPECT_TRUE(comes_true([&] { return exporter.counters().sent == 3; }));
}

TEST_F(Collectors, ThatHangDoNotKeepTheProcess) {
  auto exporter = std::make_unique<TraceExporter>(options(), clock_, log_);
  ASSERT_TRUE(exporter->start());
  exporter->add(trace_of(1, 3));
  tcp::socket silent = accept();
  (void)read(silent);
  exporter.reset();
}

/// The same with TLS.
class SecuredCollectors : public Collectors {
 protected:
  SecuredCollectors() {
    const std::int64_t now = to_unix_ms(clock_.wall_now());
    constexpr std::int64_t k_hour_ms = 3'600'000;
    const auto ca = CertificateAuthority::create("demo", now, k_hour_ms);
    const P256Key key = P256Key::generate();
    const LeafIdentity identity{
        .uri = "weir://demo/collector",
        .addresses = {*IpAddress::parse("127.0.0.1")},
    };
    const auto certificate = ca.issue(make_csr(key), identity, now, k_hour_ms);
    ca_pem_ = ca.certificate().to_pem();
    tls_.use_certificate_chain(asio::buffer(certificate->to_pem()));
    tls_.use_private_key(asio::buffer(key.to_pem().reveal()), asio::ssl::context::pem);
  }

  TraceExporter::Options secured(const std::string& host, const std::string& ca_pem) const {
    auto made = options();
    made.collector.tls = true;
    made.collector.host = host;
    made.ca_pem = ca_pem;
    return made;
  }

  /// Whether the one who comes trusts the collector.
  bool trusted(asio::ssl::stream<tcp::socket>& stream) {
    stream.next_layer() = accept();
    boost::system::error_code problem;
    stream.handshake(asio::ssl::stream_base::server, problem);
    // In TLS 1.3 the client's refusal comes after the server's part is done.
    boost::beast::flat_buffer buffer;
    Request request;
    if (!problem) http::read(stream, buffer, request, problem);
    return !problem && holds(request, 1);
  }

  asio::ssl::context tls_{asio::ssl::context::tls_server};
  std::string ca_pem_;
};

TEST_F(SecuredCollectors, AreToldWhenTheirCertificateIsGood) {
  TraceExporter exporter(secured("127.0.0.1", ca_pem_), clock_, log_);
  ASSERT_TRUE(exporter.start());
  exporter.add(trace_of(1, 3));
  asio::ssl::stream<tcp::socket> stream(tcp::socket(context_), tls_);
  ASSERT_TRUE(trusted(stream));
  answer(stream, 200);
  EXPECT_TRUE(comes_true([&] { return exporter.counters().sent == 3; }));
}

TEST_F(SecuredCollectors, AreToldNothingWhenItIsAnothersOrOfNobodyKnown) {
  const auto other = CertificateAuthority::create("other", to_unix_ms(clock_.wall_now()), 60'000);
  for (const auto& made : {secured("127.0.0.1", ""), secured("localhost", ca_pem_),
                           secured("127.0.0.1", other.certificate().to_pem())}) {
    TraceExporter exporter(made, clock_, log_);
    ASSERT_TRUE(exporter.start());
    exporter.add(trace_of(1, 3));
    asio::ssl::stream<tcp::socket> stream(tcp::socket(context_), tls_);
    EXPECT_FALSE(trusted(stream)) << made.collector.host;
    EXPECT_EQ(exporter.counters().sent, 0U);
  }
}

TEST_F(SecuredCollectors, NeedACaThatIsOne) {
  TraceExporter exporter(secured("127.0.0.1", "no certificate"), clock_, log_);
  EXPECT_FALSE(exporter.start());
}

}  // namespace
}  // namespace weir::controller
