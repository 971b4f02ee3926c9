#include "controller/session/session_hub.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "common/async/bounded_queue.h"
#include "common/base/text.h"
#include "common/join/mesh_uri.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace pb = control::v1;
using asio::experimental::awaitable_operators::operator||;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t k_version_max = 100;
constexpr std::size_t k_reason_max = 200;
constexpr std::uint32_t k_ping_count_max = 100;

const BidiMethod<pb::AgentMessage, pb::ControllerMessage>& connect_method() {
  static const BidiMethod<pb::AgentMessage, pb::ControllerMessage> method(
      "weir.control.v1.Session.Connect");
  return method;
}

}  // namespace

struct SessionHub::Session {
  AgentId agent;
  std::shared_ptr<Stream> stream;
  SessionState state;
  Time last_seen;
  Time second;  // begin of the second whose messages are counted
  std::size_t messages = 0;
  // What the agent has or was sent last.
  std::uint64_t epoch = 0;
  std::uint64_t generation = 0;
  std::string digest;
  std::optional<Error> cut;
};

struct SessionHub::Ping {
  Ping(const asio::any_io_executor& executor, AgentId asked)
      : agent(std::move(asked)), reply(executor, 1, WhenFull::refuse) {}
  AgentId agent;
  BoundedQueue<pb::PingReply> reply;
};

SessionHub::SessionHub(SessionHubOptions options, Clock& clock, SessionCallbacks callbacks)
    : options_(std::move(options)), clock_(clock), callbacks_(std::move(callbacks)) {}

SessionHub::~SessionHub() = default;

void SessionHub::serve(RpcRouter& router) {
  router.bidi<pb::AgentMessage, pb::ControllerMessage>(
      connect_method(), [this](CallContext context, std::shared_ptr<Stream> stream) {
        return connect(std::move(context), std::move(stream));
      });
}

Result<AgentId> SessionHub::identify(const PeerIdentity& peer) const {
  if (!peer.authenticated || peer.uris.size() != 1) {
    return fail(
        Code::unauthenticated,
        "a session needs a certificate of this mesh with exactly one URI, the caller's has " +
            std::to_string(peer.uris.size()));
  }
  return parse_agent_uri(options_.mesh, peer.uris.front());
}

asio::awaitable<Result<pb::Hello>> SessionHub::first_words(std::shared_ptr<Stream> stream) {
  auto first = co_await (stream->read() || clock_.sleep_for(options_.hello_timeout));
  if (first.index() == 1) {
    co_return fail(Code::deadline_exceeded,
                   "no hello within " + std::to_string(options_.hello_timeout.count()) + " ms");
  }
  const auto& message = std::get<0>(first);
  if (!message) co_return fail(Code::cancelled, "the agent left before its hello");
  if (!message->has_hello()) {
    co_return fail(Code::invalid_argument, "the first message of a session is a hello");
  }
  if (message->hello().version().size() > k_version_max ||
      message->hello().public_endpoint().size() > k_version_max) {
    co_return fail(Code::invalid_argument, "a text of the hello is longer than 100 bytes");
  }
  if (message->hello().tunnel_backend().size() > k_version_max ||
      message->hello().tunnel_backend_reason().size() > k_reason_max) {
    co_return fail(Code::invalid_argument, "the tunnel's backend in the hello is too long");
  }
  co_return message->hello();
}

asio::awaitable<Status> SessionHub::connect(CallContext context, std::shared_ptr<Stream> stream) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const Result<AgentId> agent = identify(context.peer);
  if (!agent) co_return fail(agent.error());
  Result<pb::Hello> hello = co_await first_words(stream);
  if (!hello) co_return fail(std::move(hello).error());
  Status admitted = co_await callbacks_.admit(*agent, *hello);
  if (!admitted) co_return admitted;

  auto session = std::make_shared<Session>();
  session->agent = *agent;
  session->stream = stream;
  session->state = {.hello = *hello, .since = clock_.wall_now(), .last_seen = clock_.wall_now()};
  session->last_seen = clock_.now();
  session->epoch = hello->epoch();
  session->generation = hello->generation();
  session->digest = hello->digest();
  if (const auto old = sessions_.find(*agent); old != sessions_.end()) {
    cut(*old->second, Error(Code::aborted, "a newer session of " + agent->value() + " began"));
  }
  sessions_[*agent] = session;

  pb::ControllerMessage welcome;
  welcome.mutable_welcome()->set_epoch(callbacks_.epoch());
  welcome.mutable_welcome()->set_controller_version(options_.version);
  welcome.mutable_welcome()->set_report_interval_ms(
      static_cast<std::uint32_t>(options_.report_interval.count()));
  Status ended = stream->write(welcome);
  if (ended) {
    push(*agent);
    ended = co_await read_on(session);
  }
  if (session->cut) ended = fail(*session->cut);
  const auto current = sessions_.find(*agent);
  if (current != sessions_.end() && current->second == session) {
    sessions_.erase(current);
    callbacks_.ended(*agent, ended);
  }
  co_return ended;
}

asio::awaitable<Status> SessionHub::read_on(std::shared_ptr<Session> session) {
  for (;;) {
    std::optional<pb::AgentMessage> message = co_await session->stream->read();
    if (!message || session->cut) co_return Status();
    session->last_seen = clock_.now();
    session->state.last_seen = clock_.wall_now();
    if (floods(*session)) {
      ++cut_;
      co_return fail(
          Code::resource_exhausted,
          "more than " + std::to_string(options_.messages_per_second_max) + " messages a second");
    }
    Status handled = co_await handle(session, std::move(*message));
    if (!handled) co_return handled;
  }
}

bool SessionHub::floods(Session& session) const {
  if (session.last_seen >= session.second + std::chrono::seconds(1)) {
    session.second = session.last_seen;
    session.messages = 0;
  }
  return ++session.messages > options_.messages_per_second_max;
}

asio::awaitable<Status> SessionHub::handle(std::shared_ptr<Session> session,
                                           pb::AgentMessage message) {
  switch (message.kind_case()) {
    case pb::AgentMessage::kHello:
      co_return fail(Code::invalid_argument, "a second hello in one session");
    case pb::AgentMessage::kAck:
      callbacks_.ack(session->agent, message.ack());
      break;
    case pb::AgentMessage::kReport:
      callbacks_.report(session->agent, message.report());
      break;
    case pb::AgentMessage::kEvent:
      callbacks_.event(session->agent, message.event());
      break;
    case pb::AgentMessage::kRenew:
      co_return co_await renew(session, message.renew().csr_der());
    case pb::AgentMessage::kPingReply: {
      const auto asked = pings_.find(message.ping_reply().id());
      if (asked != pings_.end() && asked->second->agent == session->agent) {
        asked->second->reply.push(std::move(*message.mutable_ping_reply()));
      }
      break;
    }
    case pb::AgentMessage::KIND_NOT_SET:
      break;  // of a newer agent: what is not known is passed over
  }
  co_return Status();
}

asio::awaitable<Status> SessionHub::renew(std::shared_ptr<Session> session, std::string csr) {
  Result<pb::Certificate> certificate = co_await callbacks_.renew(session->agent, std::move(csr));
  // Too early, or no room on the disk: the certificate it has is good, and it will ask again.
  if (!certificate && certificate.error().code() == Code::resource_exhausted) co_return Status();
  if (!certificate) co_return fail(std::move(certificate).error());
  pb::ControllerMessage message;
  *message.mutable_certificate() = std::move(*certificate);
  co_return session->stream->write(message);
}

void SessionHub::push(const AgentId& agent) {
  const auto found = sessions_.find(agent);
  const auto newest = callbacks_.newest(agent);
  if (found == sessions_.end() || newest == nullptr) return;
  Session& session = *found->second;
  if (session.epoch == newest->epoch() && session.generation == newest->generation() &&
      session.digest == newest->digest()) {
    return;
  }
  // Restored from a backup, we know less than the agent has: it would refuse. The next publication
  // begins an epoch above.
  if (std::pair(newest->epoch(), newest->generation()) <
      std::pair(session.epoch, session.generation)) {
    return;
  }
  session.epoch = newest->epoch();
  session.generation = newest->generation();
  session.digest = newest->digest();
  pb::ControllerMessage message;
  *message.mutable_revision() = *newest;
  if (auto sent = session.stream->write_latest(message); !sent) cut(session, sent.error());
}

void SessionHub::cut(Session& session, Error why) {
  if (session.cut) return;
  session.cut = why;
  session.stream->close(fail(std::move(why)));
  ++cut_;
}

void SessionHub::disconnect(const AgentId& agent, Error why) {
  const auto found = sessions_.find(agent);
  if (found != sessions_.end()) cut(*found->second, std::move(why));
}

asio::awaitable<Result<pb::PingReply>> SessionHub::ping(AgentId from, AgentId to,
                                                        std::uint32_t count, milliseconds timeout) {
  const auto found = sessions_.find(from);
  if (found == sessions_.end()) {
    co_return fail(Code::failed_precondition,
                   "agent " + in_quotes(from.value()) +
                       " is not connected; see which are with: weirctl mesh ls");
  }
  if (count == 0 || count > k_ping_count_max) {
    co_return fail(Code::invalid_argument,
                   "a ping of " + std::to_string(count) + " packets; the rule is 1 to 100");
  }
  const std::uint64_t id = next_ping_++;
  const auto executor = co_await asio::this_coro::executor;
  const auto pending = std::make_shared<Ping>(executor, from);
  pings_.emplace(id, pending);
  pb::ControllerMessage message;
  message.mutable_ping()->set_id(id);
  message.mutable_ping()->set_agent(to.value());
  message.mutable_ping()->set_count(count);
  const Status sent = found->second->stream->write(message);
  if (!sent) {
    pings_.erase(id);
    co_return fail(sent.error());
  }
  auto answer = co_await (pending->reply.pop() || clock_.sleep_for(timeout));
  pings_.erase(id);
  if (answer.index() == 1 || !std::get<0>(answer)) {
    co_return fail(Code::deadline_exceeded, "agent " + from.value() + " did not answer within " +
                                                std::to_string(timeout.count()) + " ms");
  }
  pb::PingReply reply = *std::move(std::get<0>(answer));
  if (!reply.error().empty()) {
    co_return fail(Code::aborted, from.value() + ": " + in_quotes(reply.error()));
  }
  co_return reply;
}

const SessionState* SessionHub::find(const AgentId& agent) const {
  const auto found = sessions_.find(agent);
  return found == sessions_.end() || found->second->cut ? nullptr : &found->second->state;
}

asio::awaitable<void> SessionHub::run() {
  while (co_await clock_.sleep_for(std::chrono::seconds(1))) {
    for (auto& [agent, session] : sessions_) {
      if (session->last_seen + options_.silence_max > clock_.now()) continue;
      cut(*session,
          Error(Code::deadline_exceeded, "nothing heard from " + agent.value() + " for " +
                                             std::to_string(options_.silence_max.count()) + " ms"));
    }
  }
}

}  // namespace weir::controller
