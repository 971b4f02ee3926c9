#include "controller/enrol/roster.h"

#include <utility>

#include "common/base/assert.h"
#include "common/base/text.h"

namespace weir::controller {
namespace {

/// The controller is one of the peers a revision may hold.
constexpr std::size_t k_agents_max = k_peers_max - 1;

}  // namespace

Result<Roster> Roster::create(const std::string& overlay) {
  WEIR_ASSIGN(addresses, AddressPool::create(overlay));
  return Roster(std::move(addresses));
}

Status Roster::load(Store& store) {
  WEIR_ASSIGN(rows, scan_all(store, k_agent_rows, k_agents_max));
  WEIR_ASSIGN(fresh, create(overlay_.to_string()));
  for (const Row& row : rows) {
    WEIR_ASSIGN(agent, decode_agent(row.value));
    WEIR_TRY(fresh.addresses_.restore(agent.id, agent.overlay));
    WEIR_TRY(fresh.agents_.put(agent));
    fresh.versions_.emplace(agent.id, row.version);
  }
  *this = std::move(fresh);
  return {};
}

Result<AgentRecord> Roster::plan_admission(Store& store, AgentRecord wanted,
                                           const AgentId& replaces, Transaction& transaction) {
  const AgentRecord* own = agents_.find_key(wanted.public_key);
  const AgentRecord* replaced = agents_.find(replaces);
  if (replaced != nullptr && replaced != own) plan_removal(*replaced, transaction);
  if (own != nullptr && own->region == wanted.region && own->cluster == wanted.cluster) {
    wanted.id = own->id;
    wanted.overlay = own->overlay;
    return wanted;
  }
  WEIR_TRY(plan_name(store, wanted, transaction));
  const std::string owner_key = public_key_row_key(wanted.public_key);
  if (own != nullptr) {
    // The key's row goes over to the new name; everything else of the old agent goes.
    transaction.if_version(agent_row_key(own->id), versions_.at(own->id));
    transaction.erase(agent_row_key(own->id));
    transaction.erase(grant_row_key(own->overlay));
  } else {
    transaction.if_absent(owner_key);
  }
  transaction.put(owner_key, wanted.id.value());
  return wanted;
}

/// A name never used before, and an address.
Status Roster::plan_name(Store& store, AgentRecord& wanted, Transaction& transaction) {
  if (agents_.size() >= k_agents_max) {
    return fail(Code::resource_exhausted, "the mesh has " + std::to_string(agents_.size()) +
                                              " agents, the limit; remove agents that are gone");
  }
  const std::string number_key = next_number_row_key(wanted.region);
  WEIR_ASSIGN(number_row, store.get(number_key));
  std::uint64_t number = 1;
  if (number_row) {
    WEIR_ASSIGN(stored, parse_number(number_row->value, UINT64_MAX - 1));
    number = stored;
    transaction.if_version(number_key, number_row->version);
  } else {
    transaction.if_absent(number_key);
  }
  wanted.id = make_agent_id(wanted.region, number);
  WEIR_ASSIGN(overlay, addresses_.allocate(wanted.id));
  wanted.overlay = overlay;
  transaction.put(number_key, std::to_string(number + 1));
  transaction.if_absent(grant_row_key(wanted.overlay));
  transaction.put(grant_row_key(wanted.overlay), wanted.id.value());
  return {};
}

void Roster::plan_row(const AgentRecord& agent, Transaction& transaction) const {
  const std::string key = agent_row_key(agent.id);
  const auto version = versions_.find(agent.id);
  if (version == versions_.end()) {
    transaction.if_absent(key);
  } else {
    transaction.if_version(key, version->second);
  }
  transaction.put(key, encode_agent(agent));
}

void Roster::plan_removal(const AgentRecord& agent, Transaction& transaction) const {
  transaction.if_version(agent_row_key(agent.id), versions_.at(agent.id));
  transaction.erase(agent_row_key(agent.id));
  transaction.erase(public_key_row_key(agent.public_key));
  transaction.erase(grant_row_key(agent.overlay));
}

void Roster::apply_row(const AgentRecord& agent, std::uint64_t version) {
  const AgentRecord* before = agents_.find_key(agent.public_key);
  if (before != nullptr && before->id != agent.id) apply_removal(AgentId(before->id));
  const Status held = addresses_.restore(agent.id, agent.overlay);
  WEIR_ASSERT(held, held.error().message());
  const Status put = agents_.put(agent);
  WEIR_ASSERT(put, put.error().message());
  versions_.insert_or_assign(agent.id, version);
}

void Roster::apply_removal(const AgentId& agent) {
  addresses_.release(agent);
  agents_.remove(agent);
  versions_.erase(agent);
}

}  // namespace weir::controller
