#pragma once

#include <cstdint>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/model/observation.h"

namespace weir::agent {

// Health of one agent's services, agent to agent, over UDP. All integers in network order.
//
//    0  'W' 'A'            4  boot id, 8 bytes    20  part, of how many (2 + 2 bytes)
//    2  version 1          12 sequence, 8 bytes   24  entries in this part (2 bytes)
//    3  0                                         26  entries:
//         length of the name (1), the name, healthy endpoints (4), endpoints (4)
//
// Every part stands for itself: its entries count as soon as it arrives.

inline constexpr std::size_t k_announce_datagram_max = 1200;
inline constexpr std::size_t k_announce_parts_max = 1024;

/// What works of one service in one cluster.
struct ServiceHealth {
  ServiceName service;
  std::uint32_t healthy = 0;
  std::uint32_t endpoints = 0;
  friend bool operator==(const ServiceHealth&, const ServiceHealth&) = default;
};

/// One datagram.
struct AnnouncePart {
  std::uint64_t boot_id = 0;
  std::uint64_t sequence = 0;
  std::uint16_t part = 0;
  std::uint16_t parts = 1;
  std::vector<ServiceHealth> services;
  friend bool operator==(const AnnouncePart&, const AnnouncePart&) = default;
};

/// The list as datagrams of at most `k_announce_datagram_max` bytes; an empty list is one datagram.
/// Names are valid service names (asserted); what does not fit into `k_announce_parts_max` parts is
/// left out.
std::vector<ByteVector> encode_announcement(std::uint64_t boot_id, std::uint64_t sequence,
                                            const std::vector<ServiceHealth>& services);

/// Errors: invalid_argument (what is wrong). Accepts only what `encode_announcement` can make.
Result<AnnouncePart> parse_announcement(ByteView datagram);

/// How much of each service works, from the states of its endpoints (grouped by service).
std::vector<ServiceHealth> sum_up(const std::vector<EndpointState>& endpoints);

}  // namespace weir::agent
