#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "agent/health/check_transport.h"

namespace weir::agent {

/// The transport for a spec of kind grpc: healthy is who answers SERVING to grpc.health.v1 Check
/// for the spec's service. Keeps one connection per endpoint, without TLS. `clock` outlives it;
/// destroy it after `stop`. In a library of its own, weir::agent_health_grpc, so that nothing else
/// of this module links gRPC.
std::unique_ptr<CheckTransport> make_grpc_check(const HealthCheckSpec& spec,
                                                boost::asio::any_io_executor executor,
                                                Clock& clock);

}  // namespace weir::agent
