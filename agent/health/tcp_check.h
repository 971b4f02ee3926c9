#pragma once

#include <boost/asio/ip/tcp.hpp>

#include "agent/health/check_transport.h"

namespace weir::agent {

/// Healthy is who accepts a TCP connection.
class TcpCheck final : public CheckTransport {
 public:
  explicit TcpCheck(Clock& clock) : clock_(clock) {}
  boost::asio::awaitable<Status> check(const Endpoint& endpoint,
                                       std::chrono::milliseconds timeout) override;

 private:
  Clock& clock_;
};

/// Connects `socket` without a deadline of its own.
/// Errors: unavailable ("connection refused"), cancelled.
boost::asio::awaitable<Status> connect_to(boost::asio::ip::tcp::socket& socket, Endpoint endpoint);

/// What a failed operation on a connection means for a check.
Error check_error(const std::string& doing, const boost::system::error_code& problem);

}  // namespace weir::agent
