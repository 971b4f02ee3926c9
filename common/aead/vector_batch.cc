#include "common/aead/vector_batch.h"

#include <algorithm>
#include <array>
#include <cstring>

// All blocks of all packets of a group form one row, and each pass of the kernel takes the next
// lanes of it, whichever packets they belong to:
//
//     row   | block 0 of each packet (the Poly1305 keys) | text of packet 0 | packet 1 | ...
//     pass  |---------------------|---------------------|---------------------|--
//
// So a key block costs one lane and not a pass, a packet's last blocks share a pass with the next
// packet's first ones, and small packets fill a pass together. Sealing runs over the row and then
// authenticates. Opening authenticates after the first pass; text blocks that were in it wait as
// keystream until the verdict, and what is not genuine is never decrypted.
//
// Only counters, sizes and verdicts steer: no branch and no address depends on key or text.

namespace weir {
namespace {

constexpr std::size_t k_group_max = StreamLanes::k_max;
/// Encrypted text is still in the first-level cache when it is authenticated.
constexpr std::size_t k_group_bytes = 24 << 10;

/// What must not stay behind on the stack. Uninitialised on purpose: only used parts are written.
struct Secrets {
  alignas(64) std::uint8_t mac_keys[k_group_max][k_chacha_block];
  alignas(64) std::uint8_t held[StreamLanes::k_max][k_chacha_block];
};

/// The first `count` blocks, in a way the compiler keeps.
void wipe_blocks(std::uint8_t (*blocks)[k_chacha_block], std::size_t count) {
  std::memset(blocks, 0, count * k_chacha_block);
  asm volatile("" : : "r"(blocks) : "memory");
}

/// Fills lanes and runs a pass whenever they are full.
class LaneFeed {
 public:
  using Use = StreamLanes::Use;

  /// `lanes` is room for its work.
  LaneFeed(const VectorKernel& kernel, const SecretKey& key, StreamLanes& lanes)
      : kernel_(kernel), key_(key.bytes().data()), lanes_(lanes) {}

  void store(std::uint64_t counter, std::size_t block, std::uint8_t* to) {
    add(counter, block, to, k_chacha_block, Use::store);
  }
  template <typename Packet>
  void add_text(const Packet& packet, std::size_t from) {
    for (std::size_t at = from; at < packet.size; at += k_chacha_block) {
      add(packet.counter, text_block(at), packet.text + at,
          std::min(packet.size - at, k_chacha_block), Use::exclusive_or);
    }
  }
  void flush() {
    if (used_ == 0) return;
    std::fill(lanes_.use + used_, lanes_.use + StreamLanes::k_max, Use::none);
    kernel_.stream(key_, lanes_, used_);
    used_ = 0;
  }
  std::size_t used() const { return used_; }

  /// Block 0 makes the Poly1305 key.
  static std::size_t text_block(std::size_t at) { return at / k_chacha_block + 1; }

 private:
  void add(std::uint64_t counter, std::size_t block, std::uint8_t* to, std::size_t size, Use use) {
    lanes_.block[used_] = static_cast<std::uint32_t>(block);
    lanes_.counter_low[used_] = static_cast<std::uint32_t>(counter);
    lanes_.counter_high[used_] = static_cast<std::uint32_t>(counter >> 32);
    lanes_.to[used_] = to;
    lanes_.size[used_] = static_cast<std::uint8_t>(size);
    lanes_.use[used_] = use;
    if (++used_ == kernel_.lanes) flush();
  }

  const VectorKernel& kernel_;
  const std::uint8_t* const key_;
  StreamLanes& lanes_;
  std::size_t used_ = 0;
};

/// How many of `packets` are worked on together: at least one.
template <typename Packet>
std::size_t group_size(const VectorKernel& kernel, std::span<Packet> packets) {
  const std::size_t most = std::min(packets.size(), kernel.lanes);
  std::size_t bytes = packets[0].size;
  std::size_t size = 1;
  while (size < most && bytes + packets[size].size <= k_group_bytes) bytes += packets[size++].size;
  return size;
}

void seal_group(const VectorKernel& kernel, const SecretKey& key, Secrets& secrets,
                std::span<const PacketToSeal> packets) {
  WEIR_AEAD_UNINITIALIZED StreamLanes lanes;
  WEIR_AEAD_UNINITIALIZED MacJob jobs[k_group_max];
  LaneFeed feed(kernel, key, lanes);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const PacketToSeal& packet = packets[i];
    feed.store(packet.counter, 0, secrets.mac_keys[i]);
    jobs[i] = {packet.text, packet.size, secrets.mac_keys[i], packet.text + packet.size};
  }
  for (const PacketToSeal& packet : packets) feed.add_text(packet, 0);
  feed.flush();
  kernel.mac(jobs, packets.size());
  wipe_blocks(secrets.mac_keys, packets.size());
}

bool equal_tags(const std::uint8_t* a, const std::uint8_t* b) {
  return ((load_le64(a) ^ load_le64(b)) | (load_le64(a + 8) ^ load_le64(b + 8))) == 0;
}

/// A text block that was in the first pass.
struct Held {
  std::size_t packet;
  std::size_t at;
};

void open_group(const VectorKernel& kernel, const SecretKey& key, Secrets& secrets,
                std::span<PacketToOpen> packets) {
  WEIR_AEAD_UNINITIALIZED std::uint8_t tags[k_group_max][k_aead_tag_size];
  WEIR_AEAD_UNINITIALIZED StreamLanes lanes;
  WEIR_AEAD_UNINITIALIZED MacJob jobs[k_group_max];
  LaneFeed feed(kernel, key, lanes);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const PacketToOpen& packet = packets[i];
    feed.store(packet.counter, 0, secrets.mac_keys[i]);
    jobs[i] = {packet.text, packet.size, secrets.mac_keys[i], tags[i]};
  }
  // The rest of the first pass, if keys alone do not fill it.
  WEIR_AEAD_UNINITIALIZED Held held[StreamLanes::k_max];
  std::size_t held_count = 0;
  std::array<std::size_t, k_group_max> done{};
  for (std::size_t i = 0; i < packets.size() && feed.used() != 0; ++i) {
    while (feed.used() != 0 && done[i] < packets[i].size) {
      held[held_count] = {i, done[i]};
      feed.store(packets[i].counter, LaneFeed::text_block(done[i]), secrets.held[held_count++]);
      done[i] += k_chacha_block;
    }
  }
  feed.flush();

  kernel.mac(jobs, packets.size());
  for (std::size_t i = 0; i < packets.size(); ++i) {
    packets[i].genuine = equal_tags(tags[i], packets[i].text + packets[i].size);
  }
  for (std::size_t i = 0; i < held_count; ++i) {
    const PacketToOpen& packet = packets[held[i].packet];
    if (!packet.genuine) continue;
    kernel.exclusive_or(packet.text + held[i].at,
                        std::min(packet.size - held[i].at, k_chacha_block), secrets.held[i]);
  }
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (packets[i].genuine) feed.add_text(packets[i], done[i]);
  }
  feed.flush();
  wipe_blocks(secrets.mac_keys, packets.size());
  wipe_blocks(secrets.held, held_count);
}

}  // namespace

void vector_seal(const VectorKernel& kernel, const SecretKey& key,
                 std::span<const PacketToSeal> packets) {
  WEIR_AEAD_UNINITIALIZED Secrets secrets;
  while (!packets.empty()) {
    const std::size_t size = group_size(kernel, packets);
    seal_group(kernel, key, secrets, packets.first(size));
    packets = packets.subspan(size);
  }
}

void vector_open(const VectorKernel& kernel, const SecretKey& key,
                 std::span<PacketToOpen> packets) {
  WEIR_AEAD_UNINITIALIZED Secrets secrets;
  while (!packets.empty()) {
    const std::size_t size = group_size(kernel, packets);
    open_group(kernel, key, secrets, packets.first(size));
    packets = packets.subspan(size);
  }
}

}  // namespace weir
