#pragma once

#include "common/base/bytes.h"

namespace weir {

/// Where keys, indices and nonces come from: OpenSSL in a product, a seed in simulation.
class KeySource {
 public:
  virtual ~KeySource() = default;
  /// Fills all of `bytes` with bytes nobody can guess.
  virtual void fill(ByteSpan bytes) = 0;
};

/// OpenSSL's generator. Any thread. Aborts when the generator fails: there is no safe way on.
class SystemKeySource final : public KeySource {
 public:
  void fill(ByteSpan bytes) override;
};

}  // namespace weir
