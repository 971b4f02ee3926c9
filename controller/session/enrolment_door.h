#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "common/async/clock.h"
#include "common/base/result.h"
#include "common/net/ip.h"
#include "common/rpc/router.h"
#include "weir/control/v1/enrol.pb.h"

namespace weir::controller {

/// The only service an unknown machine reaches, and only through the bootstrap tunnel of its token:
/// lets a caller redeem the token whose tunnel it came through, at a bounded rate. Agents whose
/// certificate has run out come through it too, from their overlay addresses.
///
/// The transport is plain: WireGuard has shown that the caller holds the key whose address it has.
/// Core executor only.
class EnrolmentDoor {
 public:
  using Enrol = std::function<boost::asio::awaitable<Result<control::v1::EnrolReply>>(
      control::v1::EnrolRequest)>;
  /// With the caller's address.
  using Renew = std::function<boost::asio::awaitable<Result<control::v1::RenewLapsedReply>>(
      IpAddress, control::v1::RenewLapsedRequest)>;

  /// A caller was turned away before the enroller saw it: who, with which token (empty: for a
  /// renewal), and why.
  using OnRefused =
      std::function<void(const std::string& caller, const std::string& token, const Error&)>;

  /// `clock` outlives it.
  EnrolmentDoor(Clock& clock, Enrol enrol, Renew renew, OnRefused on_refused)
      : clock_(clock),
        enrol_(std::move(enrol)),
        renew_(std::move(renew)),
        on_refused_(std::move(on_refused)) {}

  /// Makes `router` answer weir.control.v1.Enrolment. The door outlives its server.
  void serve(RpcRouter& router);

  /// Errors: permission_denied (came through another token's tunnel), resource_exhausted (more than
  /// 5 tries in 10 s by one caller, 50 by all), invalid_argument, and the enroller's.
  boost::asio::awaitable<Result<control::v1::EnrolReply>> enter(CallContext context,
                                                                control::v1::EnrolRequest request);

  /// Errors: resource_exhausted (more than 5 tries in 10 s by one caller), and the enroller's.
  boost::asio::awaitable<Result<control::v1::RenewLapsedReply>> renew(
      CallContext context, control::v1::RenewLapsedRequest request);

 private:
  /// Counts a try of `caller` in this period; false when it has had its own already.
  bool admit(const IpAddress& caller);
  Status judge(const CallContext& context, const control::v1::EnrolRequest& request);
  Result<IpAddress> judge_renewal(const CallContext& context);

  Clock& clock_;
  const Enrol enrol_;
  const Renew renew_;
  const OnRefused on_refused_;
  Time period_{};  // begin of the 10 s whose tries are counted
  std::size_t enrolments_ = 0;
  std::map<IpAddress, std::size_t> tries_of_;  // one entry a tunnel at most
};

/// The address in a peer's name as the transport tells it ("ipv6:[fd57::1]:443").
/// Errors: invalid_argument.
Result<IpAddress> caller_address(const std::string& peer);

}  // namespace weir::controller
