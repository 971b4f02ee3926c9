#include "controller/ipam/address_pool.h"

#include <algorithm>

#include "common/base/text.h"

namespace weir::controller {

Result<AddressPool> AddressPool::create(std::string_view text) {
  const std::string named = "overlay prefix " + in_quotes(text);
  const auto prefix = IpPrefix::parse(text);
  const auto address = IpAddress::parse(text.substr(0, text.find('/')));
  if (!prefix || !address || address->is_v6() || text.find('/') == std::string_view::npos) {
    return fail(Code::invalid_argument, named + " is not a.b.c.d/len");
  }
  if (prefix->length() < 8 || prefix->length() > 30) {
    return fail(Code::invalid_argument, named + " needs a length between 8 and 30");
  }
  if (prefix->address() != *address) {
    return fail(Code::invalid_argument,
                named + " has host bits set; did you mean " + prefix->to_string() + "?");
  }
  return AddressPool(*prefix);
}

AddressPool::AddressPool(const IpPrefix& prefix)
    : prefix_(prefix), hosts_((1U << (32 - prefix.length())) - 2) {}

IpAddress AddressPool::at(std::uint32_t host) const {
  return IpAddress::v4(prefix_.address().v4_host_order() + host);
}

Result<IpAddress> AddressPool::allocate(const AgentId& agent) {
  if (const auto held = hosts_of_.find(agent); held != hosts_of_.end()) return at(held->second);
  if (granted() == capacity()) {
    return fail(Code::resource_exhausted,
                "all " + std::to_string(capacity()) + " addresses of the overlay prefix " +
                    prefix_.to_string() + " are granted; remove agents that are gone");
  }
  const std::uint32_t host = pick();
  grant(agent, host);
  return at(host);
}

std::uint32_t AddressPool::pick() {
  if (next_ <= hosts_) return next_;
  if (!free_.empty()) {
    const std::uint32_t host = free_.front();
    free_.pop_front();
    return host;
  }
  std::uint32_t host = 2;
  while (holders_.contains(host)) ++host;
  return host;
}

void AddressPool::grant(const AgentId& agent, std::uint32_t host) {
  holders_.emplace(host, agent);
  hosts_of_.emplace(agent, host);
  next_ = std::max(next_, host + 1);
}

Status AddressPool::restore(const AgentId& agent, const IpAddress& address) {
  const std::string named = "overlay address " + address.to_string() + " of " + agent.value();
  const std::uint32_t host =
      prefix_.contains(address) ? address.v4_host_order() - prefix_.address().v4_host_order() : 0;
  if (host < 2 || host > hosts_) {
    return fail(Code::out_of_range, named + " is none that " + prefix_.to_string() +
                                        " grants; the overlay prefix of a mesh with agents cannot "
                                        "be changed");
  }
  const auto holder = holders_.find(host);
  if (holder != holders_.end() && holder->second == agent) return {};
  if (holder != holders_.end()) {
    return fail(Code::already_exists, named + " is held by " + holder->second.value());
  }
  if (hosts_of_.contains(agent)) {
    return fail(Code::already_exists, named + ": the agent holds another address");
  }
  std::erase(free_, host);
  grant(agent, host);
  return {};
}

void AddressPool::release(const AgentId& agent) {
  const auto held = hosts_of_.find(agent);
  if (held == hosts_of_.end()) return;
  free_.push_back(held->second);
  holders_.erase(held->second);
  hosts_of_.erase(held);
}

std::optional<IpAddress> AddressPool::find(const AgentId& agent) const {
  const auto held = hosts_of_.find(agent);
  if (held == hosts_of_.end()) return std::nullopt;
  return at(held->second);
}

}  // namespace weir::controller
