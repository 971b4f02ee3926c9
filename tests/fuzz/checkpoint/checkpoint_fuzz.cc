// A checkpoint from anybody: refused, or finite and the same when written and read again.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "controller/learn/checkpoint.h"

namespace {

/// The digest would keep the fuzzer at the door: it is put right before the text is read.
std::string with_digest(std::string_view body) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : body) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  std::string hex(16, '0');
  for (auto digit = hex.rbegin(); digit != hex.rend(); ++digit, hash >>= 4U) {
    *digit = "0123456789abcdef"[hash & 15U];
  }
  return std::string(body) + "digest " + hex + "\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::controller;
  if (size > 65536) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)read_checkpoint(text);
  const auto read = read_checkpoint(with_digest(text));
  if (!read) return 0;
  for (const double weight : read->weights) {
    if (!std::isfinite(weight)) abort();
  }
  const auto again = read_checkpoint(write_checkpoint(*read));
  if (!again || write_checkpoint(*again) != write_checkpoint(*read)) abort();
  return 0;
}
