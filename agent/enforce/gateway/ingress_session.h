#pragma once

#include <boost/asio/awaitable.hpp>

#include "agent/enforce/gateway/connection.h"
#include "agent/enforce/gateway/worker.h"

namespace weir::agent {

/// Takes a connection from another agent's gateway: reads the PROXY v2 preamble with the service's
/// name, then serves it as a client of that service whose only destinations are the servers here.
/// Unknown services are refused as an answer of our own (see `k_refused_header`) or by a close.
boost::asio::awaitable<void> run_ingress_session(Worker& worker, Socket socket);

}  // namespace weir::agent
