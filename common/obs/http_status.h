#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/net/ip.h"
#include "common/obs/metrics.h"

namespace weir {

/// Serves GET /metrics, /livez and /readyz on one address, for whoever may reach it: no secrets.
///
/// At most 32 connections; each request must be there within 5 s and is answered once, then the
/// connection is closed. Requests above 8 KiB are refused.
class HttpStatus {
 public:
  /// Empty: ready. Otherwise why not; answered with status 503.
  using Ready = std::function<std::string()>;

  /// `metrics` outlives it.
  HttpStatus(Metrics& metrics, Ready ready);
  ~HttpStatus();

  /// Binds. Port 0 binds any. Errors: unavailable (address and why).
  Status listen(const boost::asio::any_io_executor& executor, const Endpoint& address);
  std::uint16_t port() const;

  /// Serves on the executor given to `listen` until cancelled.
  boost::asio::awaitable<void> run();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir
