#include "cli/doctor/examine.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "cli/command/admin_methods.h"
#include "common/crypto/x509.h"
#include "common/os/fd.h"
#include "common/text/quantity.h"

namespace weir::cli {

namespace {

constexpr std::uint32_t k_events = 5000;

/// What the kernel says to somebody who connects: 0, or errno.
int knock(const std::string& socket_file) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_file.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  std::memcpy(address.sun_path, socket_file.c_str(), socket_file.size());
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return errno;
  const auto* const to = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(socket.get(), to, sizeof address) == 0 ? 0 : errno;
}

std::string cause_of(const std::string& socket_file, const Error& why) {
  switch (knock(socket_file)) {
    case ENOENT:
      return "there is no such socket: weir-controller does not run here, or admin.socket is "
             "another";
    case ECONNREFUSED:
      return "the socket is there and nobody listens: weir-controller has ended";
    case EACCES:
    case EPERM:
      return "this user may not open the socket";
    case 0:
    case EAGAIN:
      return "it accepts and does not answer: it hangs, or is stopped";
    default:
      return why.message();
  }
}

/// Whether `name` stands in the text as a whole: "eu-west-1" not in "eu-west-12" and not in
/// "eu-west-1/agent-2".
bool names(std::string_view text, std::string_view name) {
  const auto goes_on = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' ||
           letter == '/' || letter == '_';
  };
  for (std::size_t at = text.find(name); at != std::string_view::npos;
       at = text.find(name, at + 1)) {
    const std::string_view after = text.substr(at + name.size());
    const bool whole = (at == 0 || !goes_on(text[at - 1])) && (after.empty() || !goes_on(after[0]));
    if (whole) return true;
  }
  return false;
}

/// A certificate of ours that has run out explains a refused handshake; empty: that is not it.
std::string over(const char* option, const std::string& file, std::int64_t now_ms) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  const auto certificate = Certificate::from_pem(std::move(text).str());
  if (!certificate || certificate->not_after_unix_ms() > now_ms) return {};
  return fmt::format("{} {} ran out {}", option, file,
                     show_ago(certificate->not_after_unix_ms(), now_ms));
}

}  // namespace

Result<MeshSnapshot> snapshot_of(AdminSession& session) {
  MeshSnapshot mesh;
  const auto take = [&session]<typename Request, typename Reply>(
                        const char* method, const Request& request, Reply& into) -> Status {
    auto reply = session.ask(admin_method<Request, Reply>(method), request);
    if (!reply) return fail(reply.error());
    into = *std::move(reply);
    return {};
  };
  ListEventsRequest events;
  events.set_limit(k_events);
  WEIR_TRY(take("GetStatus", StatusRequest(), mesh.status));
  WEIR_TRY(take("ListAgents", ListAgentsRequest(), mesh.agents));
  WEIR_TRY(take("ListPaths", ListPathsRequest(), mesh.paths));
  WEIR_TRY(take("ListServices", ListServicesRequest(), mesh.services));
  WEIR_TRY(take("ListPolicies", ListPoliciesRequest(), mesh.policies));
  WEIR_TRY(take("ListEvents", events, mesh.events));
  WEIR_TRY(take("GetWeights", GetWeightsRequest(), mesh.weights));
  mesh.now_ms = session.now_ms();

  // What may be missing: an administrator's, and what an older controller or a young mesh has not.
  (void)take("ListTokens", ListTokensRequest(), mesh.tokens);
  for (const std::int64_t then : moments_to_compare(mesh.weights.unix_ms())) {
    MeshSnapshot::Before before;
    before.unix_ms = then;
    ListPathsRequest paths;
    paths.set_at_unix_ms(then);
    if (!take("ListPaths", paths, before.paths)) break;
    if (before.paths.paths().empty()) continue;
    ListServicesRequest services;
    services.set_at_unix_ms(then);
    services.set_without_endpoints(true);
    GetWeightsRequest weights;
    weights.set_at_unix_ms(then);
    const bool all = take("ListServices", services, before.services).has_value() &&
                     take("GetWeights", weights, before.weights).has_value();
    if (all) mesh.before = std::move(before);
    break;
  }
  return mesh;
}

std::vector<Finding> about_agent(std::vector<Finding> found, const admin::v1::Agent& agent) {
  std::erase_if(found, [&agent](const Finding& finding) {
    return std::ranges::none_of(std::array{&finding.what, &finding.cause, &finding.next},
                                [&agent](const std::string* text) {
                                  return names(*text, agent.agent()) ||
                                         names(*text, agent.region());
                                });
  });
  return found;
}

std::optional<Finding> unreachable(const ControllerAddress& address, const Error& why,
                                   std::int64_t now_ms) {
  if (why.code() != Code::unavailable && why.code() != Code::deadline_exceeded) return std::nullopt;
  Finding finding;
  finding.level = Finding::Level::fail;
  finding.code = "WEIR-100";
  finding.about = "controller";
  if (address.server.empty()) {
    finding.what = "nobody answers at " + address.socket;
    finding.cause = cause_of(address.socket, why);
    finding.next = "systemctl status weir-controller; agents go on without it meanwhile";
    return finding;
  }
  finding.what = "nobody answers at " + address.server;
  finding.cause = over("--cert", address.certificate, now_ms);
  if (finding.cause.empty()) finding.cause = over("--ca", address.ca, now_ms);
  if (finding.cause.empty()) finding.cause = why.message();
  finding.next = "weirctl --socket, on the controller's machine, tells whether it runs";
  return finding;
}

}  // namespace weir::cli
