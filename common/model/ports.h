#pragma once

#include <cstdint>

namespace weir {

// Ports on the overlay, fixed by the protocol: only a peer of the mesh can reach them.

/// Enrolment: joining on the controller's bootstrap address, renewing what has run out on its
/// overlay address.
inline constexpr std::uint16_t k_port_enrolment = 7442;
/// The agents' stream to the controller (mTLS).
inline constexpr std::uint16_t k_port_session = 7443;
/// An agent's ingress: requests from other agents to its local servers (TCP).
inline constexpr std::uint16_t k_port_ingress = 7480;
/// Hellos and echoes of the path failure detector (UDP).
inline constexpr std::uint16_t k_port_hello = 7481;
/// Health of a region's services, agent to agent (UDP).
inline constexpr std::uint16_t k_port_announce = 7482;
/// STAMP, RFC 8762 section 4.1 (UDP).
inline constexpr std::uint16_t k_port_stamp = 862;

}  // namespace weir
