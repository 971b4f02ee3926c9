#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/async/backoff.h"
#include "common/async/clock.h"
#include "common/base/result.h"
#include "common/rpc/message_stream.h"
#include "weir/control/v1/session.pb.h"

namespace weir::agent {

/// Opens a stream to the controller: a real one over mTLS, or one in memory.
class Connector {
 public:
  virtual ~Connector() = default;
  /// A new stream with the newest certificate; the one before has been destroyed.
  /// Errors: unavailable, invalid_argument (certificate).
  virtual boost::asio::awaitable<Result<std::unique_ptr<ControlStream>>> connect() = 0;
};

/// What the session asks of the agent. All called on the core executor.
struct SessionCallbacks {
  /// What is in force now.
  std::function<control::v1::Hello()> hello;
  /// Checks and applies a whole revision; the answer goes to the controller as ACK or NACK.
  std::function<Status(const policy::v1::Revision&)> apply;
  /// A CSR when the certificate is past half its life.
  std::function<std::optional<std::string>()> renewal_csr;
  /// A new certificate has come. Errors are logged by the callee.
  std::function<void(const control::v1::Certificate&)> certificate;
  /// Measures a path; calls back with the result later, or never.
  std::function<void(const control::v1::PingRequest&, std::function<void(control::v1::PingReply)>)>
      ping;
  /// The stream came up or broke, with the reason, for the log.
  std::function<void(bool connected, const std::string& reason)> state;
};

struct SessionOptions {
  std::chrono::milliseconds welcome_timeout{5000};
  std::chrono::milliseconds retry_first{200};
  std::chrono::milliseconds retry_longest{5000};
  std::chrono::milliseconds renewal_check{10000};
  std::size_t events_max = 256;  // kept while there is no stream; then the oldest go
};

/// Keeps one stream to the controller open. Core executor only.
class SessionClient {
 public:
  /// `connector` and `clock` outlive the client.
  SessionClient(Connector& connector, Clock& clock, Rng rng, SessionOptions options,
                SessionCallbacks callbacks);

  /// Returns only when cancelled.
  boost::asio::awaitable<void> run();

  /// Sends the report, in place of an older one that still waits. Without a stream it is dropped
  /// and counted.
  void publish_report(const telemetry::v1::Report& report);
  /// Sends the event, or keeps it until there is a stream.
  void publish_event(telemetry::v1::Event event);

  bool connected() const { return stream_ != nullptr && welcomed_; }
  std::uint64_t dropped_reports() const { return dropped_reports_; }

 private:
  using Stream = MessageStream<control::v1::ControllerMessage, control::v1::AgentMessage>;

  boost::asio::awaitable<std::string> run_stream();
  boost::asio::awaitable<void> watch(std::shared_ptr<Stream> stream);
  void handle(const control::v1::ControllerMessage& message, const std::shared_ptr<Stream>& stream);
  void on_welcome();
  void on_revision(const policy::v1::Revision& revision, Stream& stream);
  void on_ping(const control::v1::PingRequest& request, const std::shared_ptr<Stream>& stream);

  // constant after construction
  Connector& connector_;
  Clock& clock_;
  const SessionOptions options_;
  const SessionCallbacks callbacks_;

  Backoff backoff_;
  std::shared_ptr<Stream> stream_;
  bool welcomed_ = false;
  std::deque<telemetry::v1::Event> events_;
  std::uint64_t dropped_reports_ = 0;
};

}  // namespace weir::agent
