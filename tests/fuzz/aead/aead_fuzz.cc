// A batch of packets, cut from the input, through every kernel of this machine: the same bytes as
// OpenSSL's, and the same verdicts when some packets were changed on their way.
//
//     key seed (1) | packets (1) | for each: size (2), change (2), counter (4) | text, cyclically

#include <algorithm>
#include <cstdlib>

#include "common/aead/packet_keys.h"

namespace weir {
namespace {

constexpr std::size_t k_packets_max = 40;

struct Wish {
  std::size_t size = 0;
  std::size_t change = 0;  ///< 0: left alone
  std::uint64_t counter = 0;
};

/// Reads zeros behind its end.
class Input {
 public:
  explicit Input(ByteView bytes) : bytes_(bytes) {}
  std::uint8_t byte() { return at_ < bytes_.size() ? bytes_[at_++] : std::uint8_t{0}; }
  std::size_t word() {
    const std::size_t low = byte();
    return low | std::size_t{byte()} << 8;
  }
  ByteView rest() const { return bytes_.subspan(at_); }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

std::size_t changed_byte(const Wish& wish) { return wish.change % (wish.size + k_aead_tag_size); }

void check(AeadKernel kernel, const SecretKey& key, const std::vector<Wish>& wishes,
           const std::vector<ByteVector>& texts, const std::vector<ByteVector>& expected) {
  PacketSealKey sealer(key, kernel);
  PacketOpenKey opener(key, kernel);
  std::vector<ByteVector> places = texts;
  std::vector<PacketToSeal> to_seal;
  std::vector<PacketToOpen> to_open;
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    places[i].resize(wishes[i].size + k_aead_tag_size);
    to_seal.push_back({wishes[i].counter, places[i].data(), wishes[i].size});
    to_open.push_back({wishes[i].counter, places[i].data(), wishes[i].size, false});
  }
  sealer.seal_many(to_seal);
  if (places != expected) std::abort();
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    if (wishes[i].change != 0) places[i][changed_byte(wishes[i])] ^= 0x10;
  }
  opener.open_many(to_open);
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    if (to_open[i].genuine != (wishes[i].change == 0)) std::abort();
    if (to_open[i].genuine && !std::equal(texts[i].begin(), texts[i].end(), places[i].begin())) {
      std::abort();
    }
  }
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  Input input({data, size});
  SecretKey key;
  std::ranges::fill(key.writable(), input.byte());
  std::vector<Wish> wishes(input.byte() % (k_packets_max + 1));
  for (Wish& wish : wishes) {
    wish.size = input.word() % 4096;
    wish.change = input.word();
    wish.counter = input.word();
    wish.counter = wish.counter << 48 | input.word();
  }
  const ByteView pattern = input.rest();
  std::vector<ByteVector> texts;
  std::vector<ByteVector> expected;
  SealKey oracle(key);
  std::size_t at = 0;
  for (const Wish& wish : wishes) {
    ByteVector& text = texts.emplace_back(wish.size);
    for (std::uint8_t& byte : text) byte = pattern.empty() ? 0 : pattern[at++ % pattern.size()];
    ByteVector& sealed = expected.emplace_back(wish.size + k_aead_tag_size);
    oracle.seal(wish.counter, {}, text, sealed.data());
  }
  for (const AeadKernel kernel : aead_kernels()) check(kernel, key, wishes, texts, expected);
  return 0;
}
