#include "agent/health/check_transport.h"

#include "agent/health/exec_check.h"
#include "agent/health/http_check.h"
#include "agent/health/tcp_check.h"

namespace weir::agent {

std::unique_ptr<CheckTransport> make_check_transport(const HealthCheckSpec& spec, Clock& clock) {
  switch (spec.kind) {
    case HealthCheckSpec::Kind::tcp:
      return std::make_unique<TcpCheck>(clock);
    case HealthCheckSpec::Kind::http:
      return std::make_unique<HttpCheck>(spec, clock);
    case HealthCheckSpec::Kind::exec:
      return std::make_unique<ExecCheck>(spec.exec_argv, clock);
    case HealthCheckSpec::Kind::none:
    case HealthCheckSpec::Kind::grpc:
      break;
  }
  return nullptr;
}

}  // namespace weir::agent
