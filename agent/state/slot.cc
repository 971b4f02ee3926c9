#include "agent/state/slot.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "common/base/assert.h"

namespace weir::agent {
namespace {

constexpr std::string_view k_magic = "WEIRLKG1";
constexpr std::size_t k_summed = 20;  // header bytes under the checksum

std::array<std::uint8_t, 32> checksum(ByteView header, ByteView payload) {
  std::array<std::uint8_t, 32> sum{};
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  const bool done = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), header.data(), k_summed) == 1 &&
                    EVP_DigestUpdate(context.get(), payload.data(), payload.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), sum.data(), nullptr) == 1;
  WEIR_ASSERT(done, "SHA-256 is always there");
  return sum;
}

}  // namespace

ByteVector encode_slot(std::uint64_t sequence, ByteView payload) {
  WEIR_ASSERT(payload.size() <= k_slot_payload_max, std::to_string(payload.size()) + " bytes");
  ByteVector bytes(k_slot_header);
  std::ranges::copy(as_bytes(k_magic), bytes.begin());
  store_be64(bytes.data() + 8, sequence);
  store_be32(bytes.data() + 16, static_cast<std::uint32_t>(payload.size()));
  const auto sum = checksum(bytes, payload);
  std::ranges::copy(sum, bytes.begin() + k_summed);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

Result<Slot> decode_slot(ByteView bytes) {
  if (bytes.size() < k_slot_header) {
    return fail(Code::data_loss, std::to_string(bytes.size()) + " bytes; a slot has at least " +
                                     std::to_string(k_slot_header));
  }
  if (as_text(bytes.first(8)) != k_magic) {
    return fail(Code::data_loss, "not a revision slot of this version");
  }
  const ByteView payload = bytes.subspan(k_slot_header);
  if (payload.size() > k_slot_payload_max || load_be32(bytes.data() + 16) != payload.size()) {
    return fail(Code::data_loss, "the length in the header does not fit the file");
  }
  if (!std::ranges::equal(checksum(bytes, payload), bytes.subspan(k_summed, 32))) {
    return fail(Code::data_loss, "the checksum does not fit");
  }
  return Slot{load_be64(bytes.data() + 8), payload};
}

}  // namespace weir::agent
