#include "agent/session/session_client.h"

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "common/async/task_group.h"

namespace weir::agent {

namespace asio = boost::asio;
namespace pb = control::v1;

SessionClient::SessionClient(Connector& connector, Clock& clock, Rng rng, SessionOptions options,
                             SessionCallbacks callbacks)
    : connector_(connector),
      clock_(clock),
      options_(options),
      callbacks_(std::move(callbacks)),
      backoff_(options.retry_first, options.retry_longest, rng) {}

asio::awaitable<void> SessionClient::run() {
  co_await asio::this_coro::throw_if_cancelled(false);
  for (;;) {
    const std::string reason = co_await run_stream();
    callbacks_.state(false, reason);
    const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
    if (cancelled != asio::cancellation_type::none) co_return;
    const std::chrono::milliseconds wait = backoff_.next();
    const bool slept = co_await clock_.sleep_for(wait);
    if (!slept) co_return;
  }
}

/// One stream from Hello to its end; returns why it ended.
asio::awaitable<std::string> SessionClient::run_stream() {
  auto opened = co_await connector_.connect();
  if (!opened) co_return opened.error().message();
  auto stream = std::make_shared<Stream>(*std::move(opened));
  stream_ = stream;
  welcomed_ = false;

  pb::AgentMessage hello;
  *hello.mutable_hello() = callbacks_.hello();
  const Status greeted = stream->write(hello);

  const auto executor = co_await asio::this_coro::executor;
  TaskGroup watcher(executor);
  watcher.spawn("session watch", watch(stream));
  if (greeted) {
    for (;;) {
      std::optional<pb::ControllerMessage> message = co_await stream->read();
      if (!message) break;
      handle(*message, stream);
    }
  }
  stream_.reset();
  watcher.stop();
  co_await watcher.join();
  const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
  if (cancelled != asio::cancellation_type::none) co_return "the agent stops";
  const Status ended = co_await stream->closed();
  co_return ended ? "the controller ended the stream" : ended.error().message();
}

/// Cuts a stream that is not welcomed in time; asks for a new certificate when it is due.
asio::awaitable<void> SessionClient::watch(std::shared_ptr<Stream> stream) {
  if (!co_await clock_.sleep_for(options_.welcome_timeout)) co_return;
  if (!welcomed_) {
    stream->close(fail(Code::deadline_exceeded, "the controller sent no welcome"));
    co_return;
  }
  do {
    if (auto csr = callbacks_.renewal_csr()) {
      pb::AgentMessage message;
      message.mutable_renew()->set_csr_der(*std::move(csr));
      if (!stream->write(message)) co_return;
    }
  } while (co_await clock_.sleep_for(options_.renewal_check));
}

void SessionClient::handle(const pb::ControllerMessage& message,
                           const std::shared_ptr<Stream>& stream) {
  switch (message.kind_case()) {
    case pb::ControllerMessage::kWelcome:
      return on_welcome();
    case pb::ControllerMessage::kRevision:
      return on_revision(message.revision(), *stream);
    case pb::ControllerMessage::kCertificate:
      return callbacks_.certificate(message.certificate());
    case pb::ControllerMessage::kPing:
      return on_ping(message.ping(), stream);
    case pb::ControllerMessage::KIND_NOT_SET:
      return;  // of a newer controller: what is not known is passed over
  }
}

void SessionClient::on_welcome() {
  welcomed_ = true;
  backoff_.reset();
  callbacks_.state(true, "welcomed");
  while (!events_.empty()) {
    pb::AgentMessage message;
    *message.mutable_event() = std::move(events_.front());
    events_.pop_front();
    if (!stream_->write(message)) return;
  }
}

void SessionClient::on_revision(const policy::v1::Revision& revision, Stream& stream) {
  const Status applied = callbacks_.apply(revision);
  pb::AgentMessage message;
  auto& ack = *message.mutable_ack();
  ack.set_epoch(revision.epoch());
  ack.set_generation(revision.generation());
  ack.set_digest(revision.digest());
  if (!applied) ack.set_error(applied.error().message());
  // A stream that ended meanwhile says the same again in its next Hello.
  (void)stream.write(message);
}

void SessionClient::on_ping(const pb::PingRequest& request, const std::shared_ptr<Stream>& stream) {
  callbacks_.ping(request, [weak = std::weak_ptr<Stream>(stream)](pb::PingReply reply) {
    const auto alive = weak.lock();
    if (!alive) return;
    pb::AgentMessage message;
    *message.mutable_ping_reply() = std::move(reply);
    (void)alive->write(message);  // an ended stream has nobody waiting for the answer
  });
}

void SessionClient::publish_report(const telemetry::v1::Report& report) {
  if (!connected() || stream_->queued_bytes() > 0) ++dropped_reports_;
  if (!connected()) return;
  pb::AgentMessage message;
  *message.mutable_report() = report;
  if (!stream_->write_latest(message)) ++dropped_reports_;
}

void SessionClient::publish_event(telemetry::v1::Event event) {
  if (connected()) {
    pb::AgentMessage message;
    *message.mutable_event() = event;
    if (stream_->write(message)) return;
  }
  if (events_.size() >= options_.events_max) events_.pop_front();
  events_.push_back(std::move(event));
}

}  // namespace weir::agent
