#pragma once

#include "agent/health/check_transport.h"

namespace weir::agent {

/// Healthy is who answers a GET with the status, header and body the spec asks for.
class HttpCheck final : public CheckTransport {
 public:
  HttpCheck(HealthCheckSpec spec, Clock& clock) : spec_(std::move(spec)), clock_(clock) {}
  boost::asio::awaitable<Status> check(const Endpoint& endpoint,
                                       std::chrono::milliseconds timeout) override;

 private:
  const HealthCheckSpec spec_;
  Clock& clock_;
};

}  // namespace weir::agent
