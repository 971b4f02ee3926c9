#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "common/async/clock.h"
#include "common/base/result.h"
#include "common/rpc/router.h"
#include "controller/api/admin_backend.h"
#include "controller/api/caller.h"

namespace weir::controller {

/// One answer of a watch: what is sent, and what it is compared by, which leaves its own time out.
struct Shown {
  std::string bytes;
  std::string essence;
};

/// weir.admin.v1.Admin on a router: translates, authorises, calls, keeps the audit. Core executor
/// only.
///
/// Who may call what stands with each method in admin.proto. Watches send the first answer at once,
/// then one whenever it has changed, at most every 500 ms.
class AdminService {
 public:
  /// `backend` and `clock` outlive it; it outlives the servers of `router`.
  AdminService(AdminBackend& backend, Clock& clock, CertificateRoles roles = {})
      : backend_(backend), clock_(clock), roles_(std::move(roles)) {}

  void serve(RpcRouter& router);

 private:
  using Events = MessageStream<admin::v1::ListEventsRequest, telemetry::v1::Event>;

  void serve_views(RpcRouter& router);
  void serve_watches(RpcRouter& router);
  void serve_questions(RpcRouter& router);
  void serve_changes(RpcRouter& router);

  /// Who calls, when they may. Errors: as `caller_of` and `check_allowed`.
  Result<Caller> admit(const CallContext& context) const;
  boost::asio::awaitable<Status> watch_events(CallContext context,
                                              admin::v1::ListEventsRequest request,
                                              std::shared_ptr<Events> stream);
  boost::asio::awaitable<Status> watch(CallContext context, std::function<Result<Shown>()> look,
                                       std::shared_ptr<ControlStream> stream);

  template <typename Request, typename Reply>
  void add_view(RpcRouter& router, const char* name,
                std::function<Result<Reply>(const Request&)> view);
  template <typename Request, typename Reply>
  void add_watch(RpcRouter& router, const char* name,
                 std::function<Result<Reply>(const Request&)> view);
  template <typename Request, typename Reply>
  void add_question(RpcRouter& router, const char* name,
                    std::function<boost::asio::awaitable<Result<Reply>>(Request)> ask);
  template <typename Request, typename Reply>
  using Change = std::function<boost::asio::awaitable<Result<Reply>>(Request, std::string)>;
  template <typename Request, typename Reply>
  void add_change(RpcRouter& router, const char* name, Change<Request, Reply> change);
  template <typename Request, typename Reply>
  boost::asio::awaitable<Result<Reply>> audited(
      std::shared_ptr<const Change<Request, Reply>> change, CallContext context, Request request);

  AdminBackend& backend_;
  Clock& clock_;
  const CertificateRoles roles_;
};

}  // namespace weir::controller
