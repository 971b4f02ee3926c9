#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "controller/ipam/address_pool.h"
#include "controller/registry/registry.h"
#include "controller/store/store.h"

namespace weir::controller {

/// Registry and address pool as one: agents in memory exactly as in the store, and what to write so
/// that they stay so. Its owner's lock; only `load` and `plan_admission` block on the store.
///
/// A change is planned (the transaction gains conditions and writes), committed by the owner, then
/// applied. A plan that was not committed is dropped by `load`.
class Roster {
 public:
  /// Checks `overlay` (AddressPool::create). Empty until `load`.
  static Result<Roster> create(const std::string& overlay);

  /// Forgets everything and reads it from the store.
  /// Errors: out_of_range, already_exists, data_loss: the stored agents do not fit together.
  Status load(Store& store);

  const Registry& agents() const { return agents_; }
  const AddressPool& addresses() const { return addresses_; }

  /// Gives `wanted` (region, cluster, key set) its name and address: those of the agent that has
  /// its key when region and cluster are the same, else new ones, and that agent leaves. So does
  /// `replaces`, if there is such an agent. Returns it completed; its row is not yet in the
  /// transaction: see `plan_row`. Errors: resource_exhausted (agents, addresses).
  Result<AgentRecord> plan_admission(Store& store, AgentRecord wanted, const AgentId& replaces,
                                     Transaction& transaction);
  /// Writes the agent's row, on the condition that it is what memory holds.
  void plan_row(const AgentRecord& agent, Transaction& transaction) const;
  /// `agent` is of the roster.
  void plan_removal(const AgentRecord& agent, Transaction& transaction) const;

  void apply_row(const AgentRecord& agent, std::uint64_t version);
  void apply_removal(const AgentId& agent);

 private:
  Status plan_name(Store& store, AgentRecord& wanted, Transaction& transaction);

  explicit Roster(AddressPool addresses)
      : overlay_(addresses.prefix()), addresses_(std::move(addresses)) {}

  IpPrefix overlay_;
  AddressPool addresses_;
  Registry agents_;
  std::map<AgentId, std::uint64_t> versions_;  // of the agents' rows
};

}  // namespace weir::controller
