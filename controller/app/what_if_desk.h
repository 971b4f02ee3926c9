#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <vector>

#include "common/base/result.h"
#include "controller/app/control_plane.h"
#include "controller/whatif/what_if.h"
#include "weir/admin/v1/admin.pb.h"

namespace weir::controller {

/// Answers what would happen if ...: takes what is recorded of the services, asks
/// `controller/whatif` on a thread of its own, and says the answer in the API's words. Core
/// executor.
class WhatIfDesk {
 public:
  /// `plane` outlives it.
  explicit WhatIfDesk(ControlPlane& plane) : plane_(plane) {}

  /// One question at a time; a few wait. Cancelling ends the simulation within milliseconds.
  /// Errors: not_found (service, policy), invalid_argument, failed_precondition (too little was
  /// recorded), resource_exhausted (too many wait), cancelled.
  boost::asio::awaitable<Result<admin::v1::SimulateReply>> simulate(
      admin::v1::SimulateRequest request);

  static constexpr int k_waiting_max = 4;

 private:
  Result<std::vector<WhatIf>> questions_of(const admin::v1::SimulateRequest& request) const;
  Result<WhatIf> question_of(const ServiceName& service,
                             const admin::v1::SimulateRequest& request) const;

  ControlPlane& plane_;
  int waiting_ = 0;
  boost::asio::thread_pool thread_{1};
};

}  // namespace weir::controller
