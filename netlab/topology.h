#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/net/ip.h"
#include "netlab/link_model.h"

namespace weir::netlab {

inline constexpr std::size_t k_nodes_max = 200;
inline constexpr std::size_t k_addresses_max = 64;  // of one node
inline constexpr std::size_t k_topology_bytes_max = 1 << 20;

/// An address of a node together with the prefix it reaches directly: 10.1.0.11/24.
struct NodeAddress {
  IpAddress address;
  int prefix_length = 0;
};

struct Node {
  std::string name;
  std::vector<NodeAddress> addresses;
};

/// One direction, by index into `Topology::nodes`.
struct DirectedLink {
  std::size_t from = 0;
  std::size_t to = 0;
  LinkSettings settings;
};

/// The nodes and links of a lab, checked: names and addresses are unique, each direction is
/// there at most once.
struct Topology {
  std::string name;  // prefix of the namespaces
  std::uint64_t seed = 1;
  int mtu = 1500;
  std::vector<Node> nodes;
  std::vector<DirectedLink> links;

  /// "<lab>-<node>".
  std::string namespace_of(const Node& node) const { return name + "-" + node.name; }
  std::optional<std::size_t> find(std::string_view node) const;
};

/// Reads
///
///     name: demo
///     seed: 7                                      # optional, 1
///     mtu: 1500                                    # optional
///     nodes:
///       a: {addresses: [10.0.0.1/24]}
///       b: {addresses: [10.0.0.2/24, fd00::2/64]}
///     links:
///       - {between: [a, b], delay: 35ms, loss: 0.1%}   # both directions
///       - {from: a, to: b, jitter: 2ms}                # one; a later line wins
///     default: {delay: 1ms}                        # optional: every other pair of nodes
///
/// Without `default`, packets between nodes that no line joins are dropped.
/// Errors: invalid_argument; the message has the line and the rule.
Result<Topology> parse_topology(std::string_view yaml);

}  // namespace weir::netlab
