// The controller's own diagnosis: the same findings as weirctl doctor's, from the desk's own views.

#include <utility>

#include "common/findings/findings.h"
#include "controller/app/operator_desk.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace pb = admin::v1;

namespace {

constexpr std::uint32_t k_events = 5000;

}  // namespace

/// The newest moment worth comparing with; none: nothing is kept, or it cannot be read now.
asio::awaitable<std::optional<MeshSnapshot::Before>> OperatorDesk::before(std::int64_t now_ms) {
  for (const std::int64_t then : moments_to_compare(now_ms)) {
    MeshSnapshot::Before before;
    before.unix_ms = then;
    pb::ListPathsRequest of_paths;
    of_paths.set_at_unix_ms(then);
    auto paths = co_await paths_at(of_paths);
    if (!paths) co_return std::nullopt;
    if (paths->paths().empty()) continue;
    pb::ListServicesRequest of_services;
    of_services.set_at_unix_ms(then);
    of_services.set_without_endpoints(true);
    auto services = co_await services_at(of_services);
    pb::GetWeightsRequest of_weights;
    of_weights.set_at_unix_ms(then);
    auto weights = co_await weights_at(of_weights);
    if (!services || !weights) co_return std::nullopt;
    before.paths = *std::move(paths);
    before.services = *std::move(services);
    before.weights = *std::move(weights);
    co_return before;
  }
  co_return std::nullopt;
}

asio::awaitable<Result<pb::DiagnoseReply>> OperatorDesk::diagnose() {
  MeshSnapshot mesh;
  mesh.now_ms = plane_.unix_ms();
  mesh.before = co_await before(mesh.now_ms);
  mesh.status = status();
  mesh.agents = agents();
  mesh.paths = paths();
  mesh.policies = policies({}).value_or(pb::ListPoliciesReply());
  mesh.services = services({}).value_or(pb::ListServicesReply());
  mesh.weights = weights({}).value_or(pb::GetWeightsReply());
  mesh.now_ms = mesh.weights.unix_ms();  // its own clock is no measure of itself
  pb::ListEventsRequest newest;
  newest.set_limit(k_events);
  for (auto& event : events(newest)) *mesh.events.add_events() = std::move(event);

  const std::vector<Finding> found = findings_of(mesh);
  pb::DiagnoseReply reply;
  reply.set_ok(well(found));
  reply.set_unix_ms(mesh.now_ms);
  for (const Finding& finding : found) {
    pb::DiagnosedFault& row = *reply.add_findings();
    row.set_level(std::string(level_name(finding.level)));
    row.set_code(finding.code);
    row.set_about(finding.about);
    row.set_what(finding.what);
    row.set_cause(finding.cause);
    row.set_next(finding.next);
  }
  for (const std::string_view part : looked_at()) reply.add_looked_at(std::string(part));
  co_return reply;
}

}  // namespace weir::controller
