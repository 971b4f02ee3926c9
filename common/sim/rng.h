#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace weir {

/// The only source of randomness for decisions: seeded, cheap, the same on every machine.
///
/// xoshiro256** seeded by splitmix64 (Blackman and Vigna, "Scrambled linear pseudorandom number
/// generators", 2018). Not for keys: those come from OpenSSL.
class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  /// Uniform in [0, bound); 0 when bound is 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
  /// True with this probability.
  bool chance(double probability) { return unit() < probability; }
  /// Exponential with this mean; normal by Box-Muller.
  double exponential(double mean);
  double normal(double mean, double deviation);
  /// An independent stream for another module, so that one's draws do not shift the other's.
  Rng fork();

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace weir
