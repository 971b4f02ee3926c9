#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>

#include "common/async/clock.h"
#include "common/base/result.h"
#include "common/rpc/router.h"
#include "controller/api/admin_backend.h"

namespace weir::controller {

/// weir.admin.v1.Admin on a router: translates, authorises, calls. Core executor only.
///
/// Whoever may open the unix socket, and whoever showed a certificate of the configured client CA,
/// is an operator and may do everything. Watches send the first answer at once, then one whenever
/// it has changed, at most every 500 ms.
class AdminService {
 public:
  /// `backend` and `clock` outlive it; it outlives the servers of `router`.
  AdminService(AdminBackend& backend, Clock& clock) : backend_(backend), clock_(clock) {}

  void serve(RpcRouter& router);

  /// Who calls: "root" through the socket, else the certificate's common name or URI.
  /// Errors: unauthenticated, permission_denied (the certificate is of a mesh's agent or
  /// controller).
  static Result<std::string> operator_of(const PeerIdentity& peer);

 private:
  using Events = MessageStream<admin::v1::ListEventsRequest, telemetry::v1::Event>;

  void serve_views(RpcRouter& router);
  void serve_watches(RpcRouter& router);
  void serve_changes(RpcRouter& router);
  boost::asio::awaitable<Status> watch_events(CallContext context,
                                              admin::v1::ListEventsRequest request,
                                              std::shared_ptr<Events> stream);

  AdminBackend& backend_;
  Clock& clock_;
};

}  // namespace weir::controller
