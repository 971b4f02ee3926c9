#include "common/tunnel/index_table.h"

#include <array>

namespace weir {

std::uint32_t IndexTable::insert(Peer* peer, KeySource& keys) {
  if ((used_ + 1) * 2 > places_.size()) grow();
  for (;;) {
    std::array<std::uint8_t, 4> drawn{};
    keys.fill(drawn);
    const std::uint32_t index = load_le32(drawn.data());
    Entry& entry = places_[place_of(index)];
    if (entry.peer != nullptr) continue;
    entry = Entry{index, peer, nullptr};
    ++used_;
    return index;
  }
}

void IndexTable::promote(std::uint32_t index, Session* session) {
  places_[place_of(index)].session = session;
}

void IndexTable::erase(std::uint32_t index) {
  const std::size_t mask = places_.size() - 1;
  std::size_t hole = place_of(index);
  if (places_[hole].peer == nullptr) return;
  // Moves back what was pushed past the hole, so that no search stops early.
  for (std::size_t next = (hole + 1) & mask; places_[next].peer != nullptr;
       next = (next + 1) & mask) {
    const std::size_t home = places_[next].index & mask;
    if (((next - home) & mask) < ((next - hole) & mask)) continue;
    places_[hole] = places_[next];
    hole = next;
  }
  places_[hole] = Entry{};
  --used_;
}

void IndexTable::grow() {
  std::vector<Entry> before(places_.size() * 2);
  before.swap(places_);
  for (const Entry& entry : before) {
    if (entry.peer != nullptr) places_[place_of(entry.index)] = entry;
  }
}

}  // namespace weir
