#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/net/ip.h"

namespace weir::controller {

/// Hands each agent one overlay address out of a prefix and takes it back when the agent leaves.
///
/// The pool is plain state: no clock, disk or lock. Its owner writes each grant to the store before
/// acknowledging it, so replaying the stored grants through `restore` rebuilds the pool. A released
/// address rests at the back of the free queue, and after a restart below the highest grant, so a
/// peer with a stale route is unlikely to reach the next holder.
///
///   capacity   2^(32 - prefix length) - 3: network and broadcast are never granted, and the
///              first host is the controller's
///   cost       allocate, restore and release O(log n), n addresses; allocate O(n) when only
///              holes from before a restart are left; memory about 150 B per granted address
class AddressPool {
 public:
  /// `text` is "a.b.c.d/len" with 8 <= len <= 30 and no host bits set.
  /// Errors: invalid_argument (the message names the text and the rule it broke).
  static Result<AddressPool> create(std::string_view text);

  const IpPrefix& prefix() const { return prefix_; }
  IpAddress controller_address() const { return at(1); }
  std::size_t capacity() const { return hosts_ - 1; }
  std::size_t granted() const { return holders_.size(); }

  /// Grants `agent` an address, or returns the one it already holds: enrolment is retried.
  /// Errors: resource_exhausted when every address is granted.
  Result<IpAddress> allocate(const AgentId& agent);

  /// Re-applies a stored grant at start-up.
  /// Errors: out_of_range (not an address this pool may grant), already_exists (held by another
  /// agent, or the agent holds another address).
  Status restore(const AgentId& agent, const IpAddress& address);

  /// Forgets the grant. Releasing an unknown agent is not an error.
  void release(const AgentId& agent);

  std::optional<IpAddress> find(const AgentId& agent) const;

 private:
  explicit AddressPool(const IpPrefix& prefix);
  IpAddress at(std::uint32_t host) const;
  std::uint32_t pick();
  void grant(const AgentId& agent, std::uint32_t host);

  IpPrefix prefix_;
  std::uint32_t hosts_;             // usable ones are numbered 1 to hosts_
  std::uint32_t next_ = 2;          // from here on no address was ever granted
  std::deque<std::uint32_t> free_;  // released, oldest first
  std::map<std::uint32_t, AgentId> holders_;
  std::unordered_map<AgentId, std::uint32_t> hosts_of_;
};

}  // namespace weir::controller
