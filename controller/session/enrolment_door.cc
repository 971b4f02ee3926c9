#include "controller/session/enrolment_door.h"

#include <utility>

#include "common/base/text.h"
#include "common/join/join_token.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace pb = control::v1;

namespace {

constexpr std::chrono::seconds k_period{10};
constexpr std::size_t k_enrolments_max = 50;
constexpr std::size_t k_tries_of_one_max = 5;

const UnaryMethod<pb::EnrolRequest, pb::EnrolReply>& enrol_method() {
  static const UnaryMethod<pb::EnrolRequest, pb::EnrolReply> method(
      "weir.control.v1.Enrolment.Enrol");
  return method;
}

const UnaryMethod<pb::RenewLapsedRequest, pb::RenewLapsedReply>& renew_method() {
  static const UnaryMethod<pb::RenewLapsedRequest, pb::RenewLapsedReply> method(
      "weir.control.v1.Enrolment.RenewLapsed");
  return method;
}

Error too_many() {
  return {Code::resource_exhausted, "too many enrolments at once; try again in 10 s"};
}

}  // namespace

Result<IpAddress> caller_address(const std::string& peer) {
  const std::size_t colon = peer.find(':');
  const std::string_view family = std::string_view(peer).substr(0, colon);
  if (colon == std::string::npos || (family != "ipv4" && family != "ipv6")) {
    return fail(Code::invalid_argument, "the caller " + in_quotes(peer) + " has no IP address");
  }
  auto endpoint = Endpoint::parse(std::string_view(peer).substr(colon + 1));
  if (!endpoint) return fail(std::move(endpoint).error());
  return endpoint->address.unmapped();
}

void EnrolmentDoor::serve(RpcRouter& router) {
  router.unary<pb::EnrolRequest, pb::EnrolReply>(
      enrol_method(), [this](CallContext context, pb::EnrolRequest request) {
        return enter(std::move(context), std::move(request));
      });
  router.unary<pb::RenewLapsedRequest, pb::RenewLapsedReply>(
      renew_method(), [this](CallContext context, pb::RenewLapsedRequest request) {
        return renew(std::move(context), std::move(request));
      });
}

bool EnrolmentDoor::admit(const IpAddress& caller) {
  const Time now = clock_.now();
  if (now >= period_ + k_period) {
    period_ = now;
    enrolments_ = 0;
    tries_of_.clear();
  }
  std::size_t& of_caller = tries_of_[caller];
  if (of_caller >= k_tries_of_one_max) return false;
  ++of_caller;
  return true;
}

Status EnrolmentDoor::judge(const CallContext& context, const pb::EnrolRequest& request) {
  WEIR_ASSIGN(caller, caller_address(context.peer.address));
  if (!admit(caller) || enrolments_ >= k_enrolments_max) return fail(too_many());
  ++enrolments_;
  WEIR_ASSIGN(token, parse_token_id(request.token_id()));
  if (bootstrap_address(token) == caller) return {};
  return fail(Code::permission_denied,
              "token " + to_string(token) + " is redeemed through its own tunnel only");
}

asio::awaitable<Result<pb::EnrolReply>> EnrolmentDoor::enter(CallContext context,
                                                             pb::EnrolRequest request) {
  const Status may = judge(context, request);
  if (!may) {
    on_refused_(context.peer.address, request.token_id(), may.error());
    co_return fail(may.error());
  }
  co_return co_await enrol_(std::move(request));
}

/// Without a limit for all together: after a long absence of the controller every agent comes.
Result<IpAddress> EnrolmentDoor::judge_renewal(const CallContext& context) {
  WEIR_ASSIGN(caller, caller_address(context.peer.address));
  if (!admit(caller)) return fail(too_many());
  return caller;
}

asio::awaitable<Result<pb::RenewLapsedReply>> EnrolmentDoor::renew(CallContext context,
                                                                   pb::RenewLapsedRequest request) {
  const Result<IpAddress> caller = judge_renewal(context);
  if (!caller) {
    on_refused_(context.peer.address, "", caller.error());
    co_return fail(caller.error());
  }
  co_return co_await renew_(*caller, std::move(request));
}

}  // namespace weir::controller
