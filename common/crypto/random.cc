#include "common/crypto/random.h"

#include <openssl/rand.h>

#include "common/base/assert.h"

namespace weir {

void SystemKeySource::fill(ByteSpan bytes) {
  const int filled = RAND_priv_bytes(bytes.data(), static_cast<int>(bytes.size()));
  WEIR_ASSERT(filled == 1, "the system's random generator failed");
}

}  // namespace weir
