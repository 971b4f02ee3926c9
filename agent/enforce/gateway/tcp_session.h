#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "agent/enforce/gateway/connection.h"
#include "agent/enforce/gateway/worker.h"

namespace weir::agent {

/// Relays one client connection of a TCP service until it ends: choose, connect, then bytes both
/// ways with half-close. An ingress confirms with one byte that its server took the connection;
/// until then nothing of the client has been read, so any attempt may be repeated elsewhere.
boost::asio::awaitable<void> run_tcp_session(Worker& worker, std::shared_ptr<ServiceEntry> entry,
                                             ClientConnection client);

/// The ingress's word for a connected server; anything else, or a close, is a refusal.
inline constexpr char k_tcp_connected = 0x06;

}  // namespace weir::agent
