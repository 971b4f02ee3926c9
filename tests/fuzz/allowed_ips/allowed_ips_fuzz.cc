// The trie of allowed IPs against a table that is looked through from end to end: prefixes come and
// go, and after each step both give the addresses around it to the same owner.
//
//     action and family (1) | owner and how many bytes of the address are new (1) | length (1) |
//     those bytes; the others stay as they were, so that prefixes nest

#include <algorithm>
#include <array>
#include <cstdlib>

#include "tests/doubles/linear_table.h"

namespace weir {
namespace {

constexpr int k_steps_max = 400;

class Script {
 public:
  explicit Script(ByteView bytes) : rest_(bytes) {}

  void run() {
    for (int i = 0; i < k_steps_max && !rest_.empty(); ++i) step();
    compare_all();
  }

 private:
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }

  void step() {
    const std::uint8_t action = byte();
    const std::uint8_t who = byte();
    const bool v4 = (action & 1) != 0;
    auto& bytes = v4 ? v4_ : v6_;
    const auto length = static_cast<int>(byte() % (v4 ? 33U : 129U));
    for (std::size_t i = bytes.size() - (who >> 3) % (v4 ? 5U : 17U); i < bytes.size(); ++i) {
      bytes[i] = byte();
    }
    const IpAddress address = address_of(v4);
    const IpPrefix prefix(address, length);
    const AllowedIps::Owner owner = who % 8;
    switch (action >> 1 & 7) {
      case 0:
        trie_.erase_owner(owner);
        table_.erase_owner(owner);
        break;
      case 1:
      case 2:
        if (trie_.erase(prefix, owner) != table_.erase(prefix, owner)) std::abort();
        break;
      case 3: {
        const auto held = table_.held().find(prefix);
        const AllowedIps::Owner holder =
            held == table_.held().end() ? AllowedIps::k_nobody : held->second;
        if (trie_.holder(prefix) != holder) std::abort();
        break;
      }
      default:
        trie_.insert(prefix, owner);
        table_.insert(prefix, owner);
    }
    if (trie_.size() != table_.size()) std::abort();
    compare(address);
    // Just outside the prefix, and the neighbour at its far end.
    for (const int bit : {length - 1, length, address.bits() - 1}) {
      if (bit < 0 || bit >= address.bits()) continue;
      std::uint8_t& changed = bytes[bytes.size() - static_cast<std::size_t>(v4 ? 4 : 16) +
                                    static_cast<std::size_t>(bit / 8)];
      changed ^= static_cast<std::uint8_t>(0x80U >> (bit % 8));
      compare(address_of(v4));
      changed ^= static_cast<std::uint8_t>(0x80U >> (bit % 8));
    }
  }

  IpAddress address_of(bool v4) const {
    const std::span<const std::uint8_t, 16> bytes(v4 ? v4_ : v6_);
    return v4 ? IpAddress::v4(bytes.last<4>()) : IpAddress::v6(bytes);
  }

  void compare(const IpAddress& address) const {
    if (trie_.find(address) != table_.find(address)) std::abort();
  }

  void compare_all() const {
    const auto all = trie_.all();
    if (all.size() != table_.size()) std::abort();
    const auto in_order = [](const AllowedIps::Held& a, const AllowedIps::Held& b) {
      const bool a4 = a.prefix.address().is_v4();
      return a4 != b.prefix.address().is_v4() ? a4 : a.prefix < b.prefix;
    };
    if (!std::ranges::is_sorted(all, in_order)) std::abort();
    for (const AllowedIps::Held& held : all) {
      const auto found = table_.held().find(held.prefix);
      if (found == table_.held().end() || found->second != held.owner) std::abort();
    }
  }

  ByteView rest_;
  std::array<std::uint8_t, 16> v4_{};  ///< in the last four
  std::array<std::uint8_t, 16> v6_{};
  AllowedIps trie_;
  LinearTable table_;
};

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::Script({data, size}).run();
  return 0;
}
