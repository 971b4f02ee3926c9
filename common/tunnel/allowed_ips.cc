#include "common/tunnel/allowed_ips.h"

#include <algorithm>
#include <bit>

namespace weir {
namespace {

int bit_at(const std::uint8_t* address, int position) {
  return (address[position / 8] >> (7 - position % 8)) & 1;
}

/// How many leading bits of `a` and `b` agree, at most `limit`.
int common_bits(const std::uint8_t* a, const std::uint8_t* b, int limit) {
  for (int i = 0; i * 8 < limit; ++i) {
    const auto differs = static_cast<std::uint8_t>(a[i] ^ b[i]);
    if (differs != 0) return std::min(limit, i * 8 + std::countl_zero(differs));
  }
  return limit;
}

}  // namespace

AllowedIps::Trie::Index AllowedIps::Trie::make(const std::uint8_t* address, int length,
                                               Owner owner) {
  Node node;
  std::copy_n(address, bits_ / 8, node.address.begin());
  node.owner = owner;
  node.length = static_cast<std::uint8_t>(length);
  if (free_.empty()) {
    nodes_.push_back(node);
    return static_cast<Index>(nodes_.size() - 1);
  }
  const Index index = free_.back();
  free_.pop_back();
  nodes_[index] = node;
  return index;
}

AllowedIps::Trie::Index& AllowedIps::Trie::link(Index parent, int side) {
  return parent == k_none ? root_ : nodes_[parent].child[static_cast<std::size_t>(side)];
}

void AllowedIps::Trie::insert(const std::uint8_t* address, int length, Owner owner) {
  Index parent = k_none;
  int side = 0;
  for (Index at = root_; at != k_none; at = link(parent, side)) {
    Node& node = nodes_[at];
    const int common =
        common_bits(node.address.data(), address, std::min<int>(node.length, length));
    if (common < node.length) {
      // The new prefix leaves the path inside this node: above it, or beside it under a fork.
      const int below = bit_at(node.address.data(), common);
      const bool above = common == length;
      const Index joint = make(address, common, above ? owner : k_nobody);
      const Index leaf = above ? k_none : make(address, length, owner);
      nodes_[joint].child[static_cast<std::size_t>(below)] = at;
      if (!above) nodes_[joint].child[static_cast<std::size_t>(1 - below)] = leaf;
      link(parent, side) = joint;
      ++size_;
      return;
    }
    if (node.length == length) {
      if (node.owner == k_nobody) ++size_;
      node.owner = owner;
      return;
    }
    parent = at;
    side = bit_at(address, node.length);
  }
  const Index leaf = make(address, length, owner);
  link(parent, side) = leaf;
  ++size_;
}

/// A node without an owner stays only as a fork of two.
void AllowedIps::Trie::splice(Index parent, int side) {
  const Index at = link(parent, side);
  const Node& node = nodes_[at];
  if (node.owner != k_nobody || (node.child[0] != k_none && node.child[1] != k_none)) return;
  link(parent, side) = node.child[0] != k_none ? node.child[0] : node.child[1];
  free_.push_back(at);
}

bool AllowedIps::Trie::erase(const std::uint8_t* address, int length, Owner owner) {
  Index grandparent = k_none;
  Index parent = k_none;
  int parent_side = 0;
  int side = 0;
  for (Index at = root_; at != k_none; at = link(parent, side)) {
    Node& node = nodes_[at];
    if (node.length > length ||
        common_bits(node.address.data(), address, node.length) < node.length) {
      return false;
    }
    if (node.length == length) {
      if (node.owner == k_nobody || node.owner != owner) return false;
      node.owner = k_nobody;
      --size_;
      splice(parent, side);
      if (parent != k_none) splice(grandparent, parent_side);
      return true;
    }
    grandparent = parent;
    parent_side = side;
    parent = at;
    side = bit_at(address, node.length);
  }
  return false;
}

AllowedIps::Owner AllowedIps::Trie::find(const std::uint8_t* address) const {
  Owner best = k_nobody;
  Index at = root_;
  while (at != k_none) {
    const Node& node = nodes_[at];
    if (common_bits(node.address.data(), address, node.length) < node.length) break;
    if (node.owner != k_nobody) best = node.owner;
    if (node.length == bits_) break;
    at = node.child[static_cast<std::size_t>(bit_at(address, node.length))];
  }
  return best;
}

AllowedIps::Owner AllowedIps::Trie::holder(const std::uint8_t* address, int length) const {
  Index at = root_;
  while (at != k_none) {
    const Node& node = nodes_[at];
    if (node.length > length ||
        common_bits(node.address.data(), address, node.length) < node.length) {
      break;
    }
    if (node.length == length) return node.owner;
    at = node.child[static_cast<std::size_t>(bit_at(address, node.length))];
  }
  return k_nobody;
}

void AllowedIps::Trie::collect(std::vector<Held>& into) const { collect_below(root_, into); }

void AllowedIps::Trie::collect_below(Index at, std::vector<Held>& into) const {
  if (at == k_none) return;
  const Node& node = nodes_[at];
  if (node.owner != k_nobody) {
    const std::span<const std::uint8_t, 16> v6(node.address);
    const IpAddress address = bits_ == 32 ? IpAddress::v4(v6.first<4>()) : IpAddress::v6(v6);
    into.push_back(Held{IpPrefix(address, node.length), node.owner});
  }
  collect_below(node.child[0], into);  // as deep as the trie: 128 at most
  collect_below(node.child[1], into);
}

void AllowedIps::Trie::clear() {
  nodes_.clear();
  free_.clear();
  root_ = k_none;
  size_ = 0;
}

void AllowedIps::insert(const IpPrefix& prefix, Owner owner) {
  Trie& trie = prefix.address().is_v4() ? v4_ : v6_;
  trie.insert(prefix.address().bytes().data(), prefix.length(), owner);
}

bool AllowedIps::erase(const IpPrefix& prefix, Owner owner) {
  Trie& trie = prefix.address().is_v4() ? v4_ : v6_;
  return trie.erase(prefix.address().bytes().data(), prefix.length(), owner);
}

void AllowedIps::erase_owner(Owner owner) {
  for (const IpPrefix& prefix : prefixes_of(owner)) erase(prefix, owner);
}

void AllowedIps::clear() {
  v4_.clear();
  v6_.clear();
}

AllowedIps::Owner AllowedIps::find(const IpAddress& address) const {
  return address.is_v4() ? v4_.find(address.bytes().data()) : v6_.find(address.bytes().data());
}

AllowedIps::Owner AllowedIps::holder(const IpPrefix& prefix) const {
  const Trie& trie = prefix.address().is_v4() ? v4_ : v6_;
  return trie.holder(prefix.address().bytes().data(), prefix.length());
}

std::vector<AllowedIps::Held> AllowedIps::all() const {
  std::vector<Held> held;
  held.reserve(size());
  v4_.collect(held);
  v6_.collect(held);
  return held;
}

std::vector<IpPrefix> AllowedIps::prefixes_of(Owner owner) const {
  std::vector<IpPrefix> prefixes;
  for (const Held& held : all()) {
    if (held.owner == owner) prefixes.push_back(held.prefix);
  }
  return prefixes;
}

}  // namespace weir
