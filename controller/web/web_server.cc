#include "controller/web/web_server.h"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <mutex>
#include <thread>
#include <utility>

#include "common/async/either.h"
#include "common/async/task_group.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using std::chrono::seconds;

namespace {

constexpr std::size_t k_connections_max = 256;
constexpr std::size_t k_streams_max = 100;
constexpr std::uint32_t k_head_max = 16 << 10;
constexpr std::uint64_t k_body_max = 2 << 20;
constexpr seconds k_read_within{15};
constexpr seconds k_answer_within{120};
constexpr seconds k_sign_of_life{10};
constexpr std::chrono::milliseconds k_rest{100};

using Parsed = http::request<http::string_body>;
using TcpStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
constexpr auto k_tuple = asio::as_tuple(asio::use_awaitable);

Result<WebRequest> read(const Parsed& parsed) {
  const auto field = [&parsed](auto name) { return std::string(parsed[name]); };
  WebRequest request;
  request.method = std::string(parsed.method_string());
  WEIR_TRY(read_target(std::string(parsed.target()), request));
  request.host = field(http::field::host);
  request.origin = field(http::field::origin);
  request.cookie = field(http::field::cookie);
  request.csrf = field("X-Weir-CSRF");
  request.known_etag = field(http::field::if_none_match);
  request.takes_gzip = field(http::field::accept_encoding).find("gzip") != std::string::npos;
  request.body = parsed.body();
  return request;
}

tcp::endpoint to_asio(const Endpoint& endpoint) {
  return {asio::ip::make_address(endpoint.address.to_string()), endpoint.port};
}

tcp::socket& socket_of(TcpStream& stream) { return stream.socket(); }
tcp::socket& socket_of(TlsStream& stream) { return stream.next_layer().socket(); }
TcpStream& timed(TcpStream& stream) { return stream; }
TcpStream& timed(TlsStream& stream) { return stream.next_layer(); }

}  // namespace

struct WebServer::State {
  explicit State(Options made)
      : options(std::move(made)),
        site(options.site),
        feed(context.get_executor(), options.site.door, options.site.clock) {}

  asio::awaitable<void> accept();
  asio::awaitable<void> serve_plain(tcp::socket socket);
  asio::awaitable<void> serve_tls(tcp::socket socket);
  template <typename Stream>
  asio::awaitable<void> serve(Stream& stream);
  template <typename Stream>
  asio::awaitable<bool> send(Stream& stream, const Parsed& to, WebReply reply);
  template <typename Stream>
  asio::awaitable<void> stream_events(Stream& stream, const WebRequest& request);
  template <typename Stream>
  asio::awaitable<bool> write(Stream& stream, const std::string& text);

  Options options;
  asio::io_context context{1};
  asio::ssl::context tls{asio::ssl::context::tls_server};
  WebSite site;
  LiveFeed feed;
  TaskGroup tasks{context.get_executor()};
  TaskGroup connections{context.get_executor()};
  std::optional<tcp::acceptor> acceptor;
  std::uint16_t port = 0;
  std::function<void()> ended;
  std::thread thread;
  void count(const WebRequest& request, unsigned status);

  std::mutex mutex;
  std::map<std::pair<std::string, unsigned>, std::uint64_t> requests;  // guarded by mutex
  std::atomic<std::uint64_t> sent_bytes{0};
  std::atomic<std::uint64_t> sign_ins{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> streams{0};
};

void WebServer::State::count(const WebRequest& request, unsigned status) {
  const std::string_view path = request.path;
  const char* const kind = path == WebSite::k_stream_path        ? "stream"
                           : path.starts_with("/api/v1/session") ? "session"
                           : path.starts_with("/api/")           ? "api"
                                                                 : "file";
  sign_ins = site.sign_ins();
  const std::lock_guard lock(mutex);
  ++requests[{kind, status}];
}

template <typename Stream>
asio::awaitable<bool> WebServer::State::send(Stream& stream, const Parsed& to, WebReply reply) {
  http::response<http::string_body> message(static_cast<http::status>(reply.status), to.version());
  for (const auto& [name, value] : site_headers(options.tls.has_value())) message.set(name, value);
  for (const auto& [name, value] : reply.headers) message.insert(name, value);
  message.set(http::field::content_type, reply.type);
  message.keep_alive(to.keep_alive());
  message.body() = std::move(reply.body);
  message.prepare_payload();
  if (to.method() == http::verb::head) message.body().clear();
  timed(stream).expires_after(options.write_within);
  const auto [problem, bytes] = co_await http::async_write(stream, message, k_tuple);
  sent_bytes += bytes;
  co_return !problem && to.keep_alive();
}

template <typename Stream>
asio::awaitable<bool> WebServer::State::write(Stream& stream, const std::string& text) {
  timed(stream).expires_after(options.write_within);
  const auto [problem, bytes] = co_await asio::async_write(stream, asio::buffer(text), k_tuple);
  sent_bytes += bytes;
  co_return !problem;
}

/// Server-sent events until the browser goes: what is new, and a sign of life every ten seconds.
template <typename Stream>
asio::awaitable<void> WebServer::State::stream_events(Stream& stream, const WebRequest& request) {
  // What is not taken yet when it ends is dropped at once: else the system would go on offering
  // megabytes to a browser that reads nothing, long after its connection was given up.
  boost::system::error_code ignored;
  socket_of(stream).set_option(tcp::socket::linger(true, 0), ignored);
  std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
      "Cache-Control: no-store\r\nConnection: close\r\n";
  for (const auto& [name, value] : site_headers(options.tls.has_value())) {
    head += name + ": " + value + "\r\n";
  }
  if (!co_await write(stream, head + "\r\nretry: 1000\n\n")) co_return;
  const auto service = request.query.find("service");
  LiveFeed::Reader reader(feed, service == request.query.end() ? "" : service->second);
  const auto wait = [](LiveFeed& from) -> asio::awaitable<void> { (void)co_await from.changed(); };
  while (true) {
    std::vector<LiveFeed::Piece> pieces = reader.fresh();
    if (pieces.empty()) {
      const int which = co_await either(wait(feed), options.site.clock.sleep_for(k_sign_of_life));
      const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
      if (cancelled != asio::cancellation_type::none) co_return;
      if (which == 1 && !co_await write(stream, ": still here\n\n")) co_return;
      continue;
    }
    for (const LiveFeed::Piece& piece : pieces) {
      if (!co_await write(stream, *piece)) co_return;
    }
  }
}

template <typename Stream>
asio::awaitable<void> WebServer::State::serve(Stream& stream) {
  beast::flat_buffer buffer;
  boost::system::error_code gone;
  const std::string remote = socket_of(stream).remote_endpoint(gone).address().to_string();
  while (true) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(k_head_max);
    parser.body_limit(k_body_max);
    timed(stream).expires_after(k_read_within);
    const auto [problem, bytes] = co_await http::async_read(stream, buffer, parser, k_tuple);
    if (problem) co_return;
    const Parsed& parsed = parser.get();
    Result<WebRequest> request = read(parsed);
    if (request) request->remote = remote;
    // Without a limit here: a what-if takes its time, and so does the API when it must.
    timed(stream).expires_after(k_answer_within);
    WebReply reply;
    if (!request) {
      reply = error_reply(request.error());
    } else if (request->path == WebSite::k_stream_path && request->method == "GET") {
      const Status allowed = site.check_follower(*request);
      if (allowed && streams < k_streams_max) {
        count(*request, 200);
        ++streams;
        co_await stream_events(stream, *request);
        --streams;
        co_return;
      }
      reply = error_reply(allowed ? Error(Code::resource_exhausted, "100 browsers follow already")
                                  : allowed.error());
    } else {
      reply = co_await site.answer(*request);
    }
    count(request ? *request : WebRequest(), reply.status);
    if (!co_await send(stream, parsed, std::move(reply))) co_return;
  }
}

asio::awaitable<void> WebServer::State::serve_plain(tcp::socket socket) {
  co_await asio::this_coro::throw_if_cancelled(false);
  TcpStream stream(std::move(socket));
  co_await serve(stream);
  boost::system::error_code ignored;
  socket_of(stream).shutdown(tcp::socket::shutdown_both, ignored);
  --open;
}

asio::awaitable<void> WebServer::State::serve_tls(tcp::socket socket) {
  co_await asio::this_coro::throw_if_cancelled(false);
  TlsStream stream(TcpStream(std::move(socket)), tls);
  timed(stream).expires_after(k_read_within);
  const auto [problem] = co_await stream.async_handshake(asio::ssl::stream_base::server, k_tuple);
  if (!problem) co_await serve(stream);
  boost::system::error_code ignored;
  socket_of(stream).shutdown(tcp::socket::shutdown_both, ignored);
  --open;
}

asio::awaitable<void> WebServer::State::accept() {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (true) {
    tcp::socket socket(context);
    const auto [problem] = co_await acceptor->async_accept(socket, k_tuple);
    const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
    if (cancelled != asio::cancellation_type::none) co_return;
    if (problem) {  // out of descriptors: the next try would fail at once
      (void)co_await options.site.clock.sleep_for(k_rest);
      continue;
    }
    if (open >= k_connections_max) {
      ++refused;
      continue;
    }
    ++open;
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    connections.spawn("web connection",
                      options.tls ? serve_tls(std::move(socket)) : serve_plain(std::move(socket)));
  }
}

WebServer::WebServer(Options options) : state_(std::make_unique<State>(std::move(options))) {}

WebServer::~WebServer() {
  if (state_->thread.joinable()) begin_stop({});
  join();
}

Status WebServer::start() {
  boost::system::error_code problem;
  if (state_->options.tls) {
    const Tls& pem = *state_->options.tls;
    state_->tls.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, problem);
    state_->tls.use_certificate_chain(asio::buffer(pem.certificate_pem), problem);
    if (!problem) {
      state_->tls.use_private_key(asio::buffer(pem.key_pem), asio::ssl::context::pem, problem);
    }
    if (problem) {
      return fail(Code::invalid_argument,
                  "web.certificate and web.key cannot be used: " + problem.message());
    }
  }
  const tcp::endpoint endpoint = to_asio(state_->options.listen);
  tcp::acceptor acceptor(state_->context);
  acceptor.open(endpoint.protocol(), problem);
  if (!problem) acceptor.set_option(tcp::acceptor::reuse_address(true), problem);
  if (!problem) acceptor.bind(endpoint, problem);
  if (!problem) acceptor.listen(static_cast<int>(k_connections_max), problem);
  if (problem) {
    return fail(Code::unavailable, "cannot serve the dashboard on " +
                                       state_->options.listen.to_string() + ": " +
                                       problem.message());
  }
  state_->port = acceptor.local_endpoint().port();
  state_->acceptor.emplace(std::move(acceptor));
  state_->tasks.spawn("web accept", state_->accept());
  state_->tasks.spawn("web feed", state_->feed.run());
  state_->thread = std::thread([state = state_.get()] {
    state->context.run();
    if (state->ended) state->ended();
  });
  return {};
}

std::uint16_t WebServer::port() const { return state_->port; }

void WebServer::begin_stop(std::function<void()> ended) {
  asio::post(state_->context, [this, ended = std::move(ended)]() mutable {
    state_->ended = std::move(ended);
    state_->tasks.stop();
    state_->connections.stop();
  });
}

void WebServer::join() {
  if (state_->thread.joinable()) state_->thread.join();
}

void WebServer::end_access(std::string access_id) {
  asio::post(state_->context, [this, id = std::move(access_id)] { state_->site.end_access(id); });
}

WebServer::Counters WebServer::counters() const {
  const std::lock_guard lock(state_->mutex);
  return {.requests = state_->requests,
          .sent_bytes = state_->sent_bytes,
          .refused_connections = state_->refused,
          .connections = state_->open,
          .streams = state_->streams,
          .sign_ins = state_->sign_ins};
}

}  // namespace weir::controller
