#include "common/aead/packet_keys.h"

#include <algorithm>

#include "common/aead/vector_batch.h"
#include "common/base/assert.h"

namespace weir {
namespace {

const VectorKernel* vector_kernel(AeadKernel kernel) {
  WEIR_ASSERT(std::ranges::find(aead_kernels(), kernel) != aead_kernels().end(),
              "this processor cannot run the chosen AEAD kernel");
  switch (kernel) {
    case AeadKernel::evp:
      return nullptr;
    case AeadKernel::avx2:
      return avx2_kernel();
    case AeadKernel::avx512:
      return avx512_kernel();
    case AeadKernel::avx512_ifma:
      return ifma_kernel();
  }
  return nullptr;
}

}  // namespace

PacketSealKey::PacketSealKey(const SecretKey& key, AeadKernel kernel)
    : kernel_(vector_kernel(kernel)), key_(key) {
  if (kernel_ == nullptr) evp_.emplace(key);
}

void PacketSealKey::seal_many(std::span<const PacketToSeal> packets) {
  if (kernel_ != nullptr) {
    vector_seal(*kernel_, key_, packets);
    return;
  }
  for (const PacketToSeal& packet : packets) {
    evp_->seal(packet.counter, {}, {packet.text, packet.size}, packet.text);
  }
}

PacketOpenKey::PacketOpenKey(const SecretKey& key, AeadKernel kernel)
    : kernel_(vector_kernel(kernel)), key_(key) {
  if (kernel_ == nullptr) evp_.emplace(key);
}

void PacketOpenKey::open_many(std::span<PacketToOpen> packets) {
  if (kernel_ != nullptr) {
    vector_open(*kernel_, key_, packets);
    return;
  }
  for (PacketToOpen& packet : packets) {
    packet.genuine =
        evp_->open(packet.counter, {}, {packet.text, packet.size + k_aead_tag_size}, packet.text);
  }
}

}  // namespace weir
