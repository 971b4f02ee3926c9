#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "common/crypto/random.h"

namespace weir {

struct Peer;
class Session;

/// Finds what a receiver index on the wire means: a peer's pending handshake, or a session.
///
/// Open addressing on the index itself, which is random, so no hash is needed and no sender can
/// choose it.
///
///   cost   find about 5 ns; insert amortised constant
class IndexTable {
 public:
  struct Entry {
    std::uint32_t index = 0;
    Peer* peer = nullptr;        ///< nullptr: a free place
    Session* session = nullptr;  ///< nullptr: the peer's own pending handshake
  };

  /// Nothing, or the entry until the next change.
  const Entry* find(std::uint32_t index) const {
    const Entry& entry = places_[place_of(index)];
    return entry.peer == nullptr ? nullptr : &entry;
  }
  /// A fresh random index for `peer`.
  std::uint32_t insert(Peer* peer, KeySource& keys);
  /// The handshake `index` has become `session`.
  void promote(std::uint32_t index, Session* session);
  void erase(std::uint32_t index);
  std::size_t size() const { return used_; }

 private:
  /// Where `index` is, or the free place where it would go.
  std::size_t place_of(std::uint32_t index) const {
    const std::size_t mask = places_.size() - 1;
    std::size_t place = index & mask;
    while (places_[place].peer != nullptr && places_[place].index != index) {
      place = (place + 1) & mask;
    }
    return place;
  }
  void grow();

  std::vector<Entry> places_ = std::vector<Entry>(16);
  std::size_t used_ = 0;
};

/// Owns one index: gives it back when destroyed. The table outlives it.
class IndexLease {
 public:
  IndexLease() = default;
  IndexLease(IndexTable& table, Peer* peer, KeySource& keys)
      : table_(&table), index_(table.insert(peer, keys)) {}
  IndexLease(IndexLease&& other) noexcept
      : table_(std::exchange(other.table_, nullptr)), index_(other.index_) {}
  IndexLease& operator=(IndexLease&& other) noexcept {
    std::swap(table_, other.table_);
    std::swap(index_, other.index_);
    return *this;
  }
  ~IndexLease() {
    if (table_ != nullptr) table_->erase(index_);
  }

  std::uint32_t index() const { return index_; }
  void promote(Session* session) { table_->promote(index_, session); }

 private:
  IndexTable* table_ = nullptr;
  std::uint32_t index_ = 0;
};

}  // namespace weir
