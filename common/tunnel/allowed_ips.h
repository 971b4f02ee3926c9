#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/net/ip.h"

namespace weir {

/// Who owns which inner addresses: the longest prefix that holds an address decides.
///
/// One binary trie with skipped levels (a Patricia trie) per address family, in one array of nodes.
/// An owner is any number but k_nobody; each prefix has exactly one.
///
///   cost   find: at most 32 or 128 steps, no allocation; insert and erase the same plus one node;
///          erase_owner, all and prefixes_of: every node. Memory 32 B a node, two nodes a prefix at
///          most.
class AllowedIps {
 public:
  using Owner = std::uint32_t;
  static constexpr Owner k_nobody = UINT32_MAX;

  /// Gives `prefix` to `owner`, taking it from whoever held it.
  void insert(const IpPrefix& prefix, Owner owner);
  /// Takes `prefix` from `owner`; false, and nothing changes, when `owner` does not hold it.
  bool erase(const IpPrefix& prefix, Owner owner);
  /// Takes everything from `owner`.
  void erase_owner(Owner owner);
  void clear();

  /// The owner of `address`, or k_nobody. `address` is 4 or 16 bytes in network order.
  Owner find_v4(const std::uint8_t* address) const { return v4_.find(address); }
  Owner find_v6(const std::uint8_t* address) const { return v6_.find(address); }
  Owner find(const IpAddress& address) const;
  /// Who holds exactly this prefix.
  Owner holder(const IpPrefix& prefix) const;

  struct Held {
    IpPrefix prefix;
    Owner owner = k_nobody;
  };
  /// Everything, in order: IPv4 first, then by address, shorter before longer.
  std::vector<Held> all() const;
  std::vector<IpPrefix> prefixes_of(Owner owner) const;
  /// Number of prefixes with an owner.
  std::size_t size() const { return v4_.size() + v6_.size(); }

 private:
  class Trie {
   public:
    explicit Trie(int bits) : bits_(bits) {}
    void insert(const std::uint8_t* address, int length, Owner owner);
    bool erase(const std::uint8_t* address, int length, Owner owner);
    Owner find(const std::uint8_t* address) const;
    Owner holder(const std::uint8_t* address, int length) const;
    void collect(std::vector<Held>& into) const;
    std::size_t size() const { return size_; }
    void clear();

   private:
    using Index = std::uint32_t;
    static constexpr Index k_none = UINT32_MAX;
    struct Node {
      std::array<std::uint8_t, 16> address{};
      Owner owner = k_nobody;
      std::array<Index, 2> child{k_none, k_none};
      std::uint8_t length = 0;
    };

    Index make(const std::uint8_t* address, int length, Owner owner);
    Index& link(Index parent, int side);
    void splice(Index parent, int side);
    void collect_below(Index at, std::vector<Held>& into) const;

    const int bits_;
    std::vector<Node> nodes_;
    std::vector<Index> free_;
    Index root_ = k_none;
    std::size_t size_ = 0;
  };

  Trie v4_{32};
  Trie v6_{128};
};

}  // namespace weir
