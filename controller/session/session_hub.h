#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/async/clock.h"
#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/rpc/message_stream.h"
#include "common/rpc/router.h"
#include "weir/control/v1/session.pb.h"

namespace weir::controller {

/// What a session asks of the rest of the controller. All called on the core executor; what they
/// refer to outlives the hub's sessions.
struct SessionCallbacks {
  /// A session of this agent may begin. Errors end it: permission_denied (no longer of the mesh).
  std::function<boost::asio::awaitable<Status>(AgentId, control::v1::Hello)> admit;
  /// The newest revision; nullptr: none yet.
  std::function<std::shared_ptr<const policy::v1::Revision>(const AgentId&)> newest;
  /// For the Welcome.
  std::function<std::uint64_t()> epoch;
  std::function<void(const AgentId&, const control::v1::Ack&)> ack;
  std::function<void(const AgentId&, const telemetry::v1::Report&)> report;
  std::function<void(const AgentId&, const telemetry::v1::Event&)> event;
  /// resource_exhausted: not now, and the session goes on. Any other error ends it.
  std::function<boost::asio::awaitable<Result<control::v1::Certificate>>(AgentId, std::string)>
      renew;
  /// The session ended, and why; not called when a newer one took its place.
  std::function<void(const AgentId&, const Status&)> ended;
};

struct SessionHubOptions {
  std::string mesh;
  std::string version;
  std::chrono::milliseconds report_interval{1000};
  std::chrono::milliseconds hello_timeout{5000};
  std::chrono::milliseconds silence_max{15'000};  // agents report every second
  std::size_t messages_per_second_max = 200;      // of one agent
};

/// What is known of a live session.
struct SessionState {
  control::v1::Hello hello;
  WallTime since;
  WallTime last_seen;
};

/// The agents' streams: who is connected, what goes down, what comes up.
///
/// One stream per agent; a new one takes the place of the old. Who the agent is comes from its
/// certificate's URI alone. The newest revision takes the place of an older one that still waits,
/// so an agent that reads slowly never holds more than one; one that does not read, stays silent
/// or floods is cut. Core executor only.
class SessionHub {
 public:
  using Stream = MessageStream<control::v1::AgentMessage, control::v1::ControllerMessage>;

  /// `clock` outlives the hub.
  SessionHub(SessionHubOptions options, Clock& clock, SessionCallbacks callbacks);
  ~SessionHub();

  /// Makes `router` answer weir.control.v1.Session/Connect. The hub outlives its server.
  void serve(RpcRouter& router);

  /// One session from Hello to its end. Errors: unauthenticated (no certificate of an agent of this
  /// mesh), whatever `admit` says, deadline_exceeded, aborted (replaced), resource_exhausted.
  boost::asio::awaitable<Status> connect(CallContext context, std::shared_ptr<Stream> stream);

  /// Sends the newest revision to the agent if it is connected and has another one.
  void push(const AgentId& agent);
  void disconnect(const AgentId& agent, Error why);

  /// Asks an agent to measure a path. Errors: failed_precondition (not connected),
  /// deadline_exceeded, aborted (what the agent says).
  boost::asio::awaitable<Result<control::v1::PingReply>> ping(AgentId from, AgentId to,
                                                              std::uint32_t count,
                                                              std::chrono::milliseconds timeout);

  /// nullptr: not connected.
  const SessionState* find(const AgentId& agent) const;
  std::size_t size() const { return sessions_.size(); }
  std::uint64_t cut() const { return cut_; }

  /// Cuts silent sessions; returns only when cancelled.
  boost::asio::awaitable<void> run();

 private:
  struct Session;
  struct Ping;

  Result<AgentId> identify(const PeerIdentity& peer) const;
  boost::asio::awaitable<Result<control::v1::Hello>> first_words(std::shared_ptr<Stream> stream);
  boost::asio::awaitable<Status> read_on(std::shared_ptr<Session> session);
  boost::asio::awaitable<Status> handle(std::shared_ptr<Session> session,
                                        control::v1::AgentMessage message);
  boost::asio::awaitable<Status> renew(std::shared_ptr<Session> session, std::string csr);
  void cut(Session& session, Error why);
  bool floods(Session& session) const;

  const SessionHubOptions options_;
  Clock& clock_;
  const SessionCallbacks callbacks_;
  std::map<AgentId, std::shared_ptr<Session>> sessions_;
  std::map<std::uint64_t, std::shared_ptr<Ping>> pings_;
  std::uint64_t next_ping_ = 1;
  std::uint64_t cut_ = 0;
};

}  // namespace weir::controller
