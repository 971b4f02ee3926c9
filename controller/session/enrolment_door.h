#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "common/async/clock.h"
#include "common/base/result.h"
#include "common/net/ip.h"
#include "common/rpc/router.h"
#include "weir/control/v1/enrol.pb.h"

namespace weir::controller {

/// The only service an unknown machine reaches, and only through the bootstrap tunnel of its token:
/// lets a caller redeem the token whose tunnel it came through, at a bounded rate.
///
/// The transport is plain: WireGuard has shown that the caller holds the bootstrap key of the token
/// whose address it has. Core executor only.
class EnrolmentDoor {
 public:
  using Enrol = std::function<boost::asio::awaitable<Result<control::v1::EnrolReply>>(
      control::v1::EnrolRequest)>;

  /// `clock` outlives it.
  EnrolmentDoor(Clock& clock, Enrol enrol) : clock_(clock), enrol_(std::move(enrol)) {}

  /// Makes `router` answer weir.control.v1.Enrolment/Enrol. The door outlives its server.
  void serve(RpcRouter& router);

  /// Errors: permission_denied (came through another token's tunnel), resource_exhausted (more than
  /// 5 tries in 10 s by one caller, 50 by all), invalid_argument, and the enroller's.
  boost::asio::awaitable<Result<control::v1::EnrolReply>> enter(CallContext context,
                                                                control::v1::EnrolRequest request);

 private:
  Status admit(const std::string& caller);

  Clock& clock_;
  const Enrol enrol_;
  Time period_{};  // begin of the 10 s whose tries are counted
  std::size_t tries_ = 0;
  std::map<std::string, std::size_t> tries_of_;
};

/// The address in a peer's name as the transport tells it ("ipv6:[fd57::1]:443").
/// Errors: invalid_argument.
Result<IpAddress> caller_address(const std::string& peer);

}  // namespace weir::controller
