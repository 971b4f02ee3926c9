#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/base/result.h"
#include "common/net/ip.h"
#include "controller/web/live_feed.h"
#include "controller/web/web_site.h"

namespace weir::controller {

/// The dashboard's server, on a thread of its own: a slow browser cannot touch anything else.
///
/// At most 256 connections, 100 of them streams; a request must be there within 15 s and is at most
/// 16 KiB of head and 2 MiB of body; what a browser does not take within 20 s ends its connection.
class WebServer {
 public:
  static constexpr std::chrono::seconds k_write_within{20};

  struct Tls {
    std::string certificate_pem;
    std::string key_pem;
  };
  struct Options {
    Endpoint listen;  // port 0: any
    std::optional<Tls> tls;
    WebSite::Parts site;
    // A reply, or a piece of what is followed, is taken within this time or the connection ends.
    std::chrono::milliseconds write_within = k_write_within;
  };

  /// What `options.site` refers to outlives it.
  explicit WebServer(Options options);
  ~WebServer();

  /// Binds and serves. Errors: unavailable (address and why), invalid_argument (the certificate).
  Status start();
  std::uint16_t port() const;
  /// Ends every connection; `ended` is called on the web thread as its last act. Once.
  void begin_stop(std::function<void()> ended);
  /// Returns when the thread has ended, which somebody asked for. From any other thread.
  void join();
  /// An access token was withdrawn. Any thread.
  void end_access(std::string access_id);

  struct Counters {
    /// Answered, by kind ("api", "file", "session", "stream") and status.
    std::map<std::pair<std::string, unsigned>, std::uint64_t> requests;
    std::uint64_t sent_bytes = 0;  // of answers and streams, before encryption
    std::uint64_t refused_connections = 0;
    std::uint64_t connections = 0;  // now
    std::uint64_t streams = 0;      // now
    std::uint64_t sign_ins = 0;     // now
  };
  /// Any thread.
  Counters counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::controller
