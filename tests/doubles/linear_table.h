#pragma once

#include <cstdint>
#include <map>

#include "common/net/ip.h"
#include "common/tunnel/allowed_ips.h"

namespace weir {

/// AllowedIps as a table that is looked through from end to end.
class LinearTable {
 public:
  void insert(const IpPrefix& prefix, std::uint32_t owner) { held_[prefix] = owner; }
  bool erase(const IpPrefix& prefix, std::uint32_t owner) {
    const auto found = held_.find(prefix);
    if (found == held_.end() || found->second != owner) return false;
    held_.erase(found);
    return true;
  }
  void erase_owner(std::uint32_t owner) {
    std::erase_if(held_, [owner](const auto& entry) { return entry.second == owner; });
  }
  std::uint32_t find(const IpAddress& address) const {
    std::uint32_t owner = AllowedIps::k_nobody;
    int longest = -1;
    for (const auto& [prefix, its_owner] : held_) {
      if (prefix.address().is_v4() != address.is_v4() || !prefix.contains(address)) continue;
      if (prefix.length() <= longest) continue;
      longest = prefix.length();
      owner = its_owner;
    }
    return owner;
  }
  std::size_t size() const { return held_.size(); }
  const std::map<IpPrefix, std::uint32_t>& held() const { return held_; }

 private:
  std::map<IpPrefix, std::uint32_t> held_;
};

}  // namespace weir
