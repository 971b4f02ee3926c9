// wake ─▶ linger ─▶ take a batch ─▶ request ─▶ taken: the next batch
//                                    │  ▲ └──▶ refused: given up
//                                    ▼  │
//                                    pause    unreachable, hanging, too busy

#include "controller/trace/trace_exporter.h"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "common/async/backoff.h"
#include "common/async/either.h"
#include "common/async/task_group.h"
#include "common/base/text.h"
#include "common/rpc/wakeup.h"
#include "controller/trace/span_queue.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using std::chrono::seconds;

namespace {

constexpr auto k_tuple = asio::as_tuple(asio::use_awaitable);
constexpr std::uint64_t k_reply_max = 64 << 10;
constexpr std::size_t k_said_max = 200;
constexpr seconds k_asked_pause_max{60};
constexpr seconds k_farewell{2};

using Request = http::request<http::string_body>;
using Reply = http::response_parser<http::string_body>;

/// What came of one request.
struct Outcome {
  bool again = false;      // it may go better later
  seconds pause{0};        // at least, before that
  std::string problem;     // empty: all was taken
  std::uint64_t lost = 0;  // of a batch that was taken: spans that were not
};

bool worth_another_try(unsigned status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

Outcome outcome_of(const http::response<http::string_body>& reply) {
  const unsigned status = reply.result_int();
  Outcome outcome;
  if (status >= 200 && status < 300) {
    const ExportReply said = read_export_reply(reply.body());
    outcome.lost = said.rejected;
    if (said.rejected > 0) {
      outcome.problem =
          "it took all but " + std::to_string(said.rejected) + " spans: " + in_quotes(said.message);
    }
    return outcome;
  }
  outcome.again = worth_another_try(status);
  const auto asked = parse_number(std::string_view(reply[http::field::retry_after]), UINT32_MAX);
  if (asked) outcome.pause = std::min(seconds(*asked), k_asked_pause_max);
  outcome.problem =
      "it answered " + std::to_string(status) + " " + in_quotes(cut_text(reply.body(), k_said_max));
  return outcome;
}

}  // namespace

struct TraceExporter::State {
  State(Options made, Clock& the_clock, const Log& the_log)
      : options(std::move(made)),
        clock(the_clock),
        log(the_log),
        backoff(options.pause_first, options.pause_longest, Rng(options.seed)),
        queue(options.spans_max) {}

  asio::awaitable<void> run();
  asio::awaitable<bool> deliver(std::vector<TimedTrace> batch);
  asio::awaitable<void> request(const std::string& body, Outcome& outcome);
  asio::awaitable<boost::system::error_code> connect(beast::tcp_stream& stream);
  template <typename Stream>
  asio::awaitable<void> exchange(Stream& stream, const std::string& body, Outcome& outcome);
  void tell(const Outcome& outcome);

  const Options options;
  Clock& clock;
  const Log& log;
  asio::io_context context{1};
  asio::ssl::context tls{asio::ssl::context::tls_client};
  Wakeup arrived{context.get_executor()};
  TaskGroup tasks{context.get_executor()};
  Backoff backoff;
  bool down = false;  // and said so
  std::thread thread;
  std::promise<void> ended;  // of the thread

  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> in_hand{0};
  mutable std::mutex mutex;
  SpanQueue queue;  // guarded by mutex
};

asio::awaitable<void> TraceExporter::State::run() {
  co_await asio::this_coro::throw_if_cancelled(false);
  for (;;) {
    std::size_t waiting = 0;
    {
      const std::lock_guard lock(mutex);
      waiting = queue.spans();
    }
    if (waiting == 0) {
      if (!co_await arrived.wait()) co_return;
      continue;
    }
    if (waiting < options.batch_spans && !co_await clock.sleep_for(options.linger)) co_return;
    std::vector<TimedTrace> batch;
    {
      const std::lock_guard lock(mutex);
      batch = queue.take(options.batch_spans);
    }
    if (!co_await deliver(std::move(batch))) co_return;
  }
}

/// Until the collector has taken or refused it; false when cancelled.
asio::awaitable<bool> TraceExporter::State::deliver(std::vector<TimedTrace> batch) {
  std::uint64_t spans = 0;
  for (const TimedTrace& one : batch) spans += one.trace.spans.size();
  in_hand = spans;
  const std::string body = encode_otlp(batch, options.source);
  for (;;) {
    Outcome outcome{.again = true, .problem = {}};
    const int which = co_await either(request(body, outcome), clock.sleep_for(options.patience));
    const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
    if (cancelled != asio::cancellation_type::none) co_return false;
    if (which == 1) {
      outcome = {.again = true,
                 .problem = "no answer in " + std::to_string(options.patience.count()) + " ms"};
    }
    tell(outcome);
    if (!outcome.again) {
      const bool taken = outcome.problem.empty() || outcome.lost > 0;
      const std::uint64_t lost = taken ? std::min(outcome.lost, spans) : spans;
      failed += lost;
      sent += spans - lost;
      in_hand = 0;
      backoff.reset();
      co_return true;
    }
    const auto pause = std::max<Duration>(backoff.next(), outcome.pause);
    if (!co_await clock.sleep_for(pause)) co_return false;
  }
}

/// One line when it begins to go wrong, one when it goes well again.
void TraceExporter::State::tell(const Outcome& outcome) {
  if (down == !outcome.problem.empty()) return;
  down = !down;
  if (down) {
    log.warn("tracing.down",
             {{"collector", options.collector.authority()}, {"why", outcome.problem}});
  } else {
    log.info("tracing.up", {{"collector", options.collector.authority()}});
  }
}

asio::awaitable<boost::system::error_code> TraceExporter::State::connect(
    beast::tcp_stream& stream) {
  boost::system::error_code problem;
  const auto address = asio::ip::make_address(options.collector.host, problem);
  if (!problem) {
    const tcp::endpoint endpoint(address, options.collector.port);
    const auto [refused] = co_await stream.async_connect(endpoint, k_tuple);
    co_return refused;
  }
  tcp::resolver resolver(context);
  const auto [unknown, found] = co_await resolver.async_resolve(
      options.collector.host, std::to_string(options.collector.port), k_tuple);
  if (unknown) co_return unknown;
  const auto [refused, endpoint] = co_await stream.async_connect(found, k_tuple);
  co_return refused;
}

asio::awaitable<void> TraceExporter::State::request(const std::string& body, Outcome& outcome) {
  beast::tcp_stream stream(context);
  const boost::system::error_code refused = co_await connect(stream);
  if (refused) {
    outcome.problem = "it cannot be reached: " + refused.message();
    co_return;
  }
  if (!options.collector.tls) {
    co_await exchange(stream, body, outcome);
    co_return;
  }
  beast::ssl_stream<beast::tcp_stream> secured(std::move(stream), tls);
  const std::string& host = options.collector.host;
  boost::system::error_code no_address;
  (void)asio::ip::make_address(host, no_address);
  if (no_address) SSL_set_tlsext_host_name(secured.native_handle(), host.c_str());
  secured.set_verify_callback(asio::ssl::host_name_verification(host));
  const auto [untrusted] =
      co_await secured.async_handshake(asio::ssl::stream_base::client, k_tuple);
  if (untrusted) {
    outcome.problem = "TLS: " + untrusted.message();
    co_return;
  }
  co_await exchange(secured, body, outcome);
}

template <typename Stream>
asio::awaitable<void> TraceExporter::State::exchange(Stream& stream, const std::string& body,
                                                     Outcome& outcome) {
  Request request(http::verb::post, options.collector.path, 11);
  request.set(http::field::host, options.collector.authority());
  request.set(http::field::user_agent, "weir-controller/" + options.source.version);
  request.set(http::field::content_type, "application/json");
  request.set(http::field::connection, "close");
  for (const auto& [name, value] : options.headers) request.set(name, value);
  request.body() = body;
  request.prepare_payload();
  const auto [not_sent, sent_bytes] = co_await http::async_write(stream, request, k_tuple);
  if (not_sent) {
    outcome.problem = "it hung up: " + not_sent.message();
    co_return;
  }
  beast::flat_buffer buffer;
  Reply reply;
  reply.body_limit(k_reply_max);
  const auto [not_read, read_bytes] = co_await http::async_read(stream, buffer, reply, k_tuple);
  if (not_read) {
    outcome.problem = "its answer cannot be read: " + not_read.message();
    co_return;
  }
  outcome = outcome_of(reply.get());
}

TraceExporter::TraceExporter(Options options, Clock& clock, const Log& log)
    : state_(std::make_shared<State>(std::move(options), clock, log)) {}

TraceExporter::~TraceExporter() {
  if (!state_->thread.joinable()) return;
  asio::post(state_->context, [state = state_.get()] { state->tasks.stop(); });
  // Nothing of the system's ends such a question early.
  if (state_->ended.get_future().wait_for(k_farewell) == std::future_status::ready) {
    state_->thread.join();
  } else {
    state_->thread.detach();
  }
}

Status TraceExporter::start() {
  if (state_->options.collector.tls) {
    boost::system::error_code problem;
    state_->tls.set_verify_mode(asio::ssl::verify_peer, problem);
    if (state_->options.ca_pem.empty()) {
      state_->tls.set_default_verify_paths(problem);
    } else {
      state_->tls.add_certificate_authority(asio::buffer(state_->options.ca_pem), problem);
    }
    if (problem) {
      return fail(Code::invalid_argument,
                  "the certificates of tracing.ca cannot be used: " + problem.message());
    }
  }
  state_->tasks.spawn("trace export", state_->run());
  state_->thread = std::thread([state = state_] {
    state->context.run();
    state->ended.set_value();
  });
  return {};
}

void TraceExporter::add(Trace trace) {
  const Duration to_unix =
      state_->clock.wall_now().time_since_epoch() - state_->clock.now().time_since_epoch();
  {
    const std::lock_guard lock(state_->mutex);
    state_->queue.add({.trace = std::move(trace), .to_unix = to_unix});
  }
  asio::post(state_->context, [state = state_.get()] { state->arrived.notify(); });
}

TraceExporter::Counters TraceExporter::counters() const {
  const std::lock_guard lock(state_->mutex);
  return {.sent = state_->sent,
          .dropped = state_->queue.dropped(),
          .failed = state_->failed,
          .waiting = state_->queue.spans() + state_->in_hand};
}

}  // namespace weir::controller
