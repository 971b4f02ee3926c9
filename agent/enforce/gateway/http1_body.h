#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/enforce/gateway/http1_head.h"

namespace weir::agent {

/// Finds the end of a body while its bytes pass through unchanged.
///
/// Chunked bodies pass with their framing, which is checked strictly: hex sizes of at most 15
/// digits, CR LF everywhere, extensions of at most 256 printable bytes, trailers of at most 8 KiB
/// that may not restate framing, host or connection. State is a few words; no allocation.
class BodyMachine {
 public:
  struct Step {
    std::size_t used = 0;       // bytes from the front that belong to the body
    const char* bad = nullptr;  // the rule broken by the byte after them
  };

  BodyMachine() = default;
  explicit BodyMachine(BodyFraming framing);

  /// Takes what belongs to the body from the front of `bytes`: all of it unless the body ends.
  Step consume(std::string_view bytes);

  bool done() const { return phase_ == Phase::done; }
  /// The sender closed. True when that is a proper end.
  bool end_of_stream();
  /// Bytes certain to come still of the part at hand; 0 when not known.
  std::uint64_t left() const { return left_; }

 private:
  enum class Phase {
    done,
    data,  // `left_` more bytes: a body with a length, or a chunk
    until_close,
    size_first,  // the first digit of a chunk's size
    size,        // further digits
    extension,
    size_lf,
    data_cr,
    data_lf,
    trailer_begin,  // first byte of a trailer line
    trailer_name,
    trailer_value,
    trailer_lf,
    last_lf,
    broken,  // for good
  };
  const char* take(char c);
  const char* take_size(char c);
  const char* take_trailer(char c);
  void begin_chunk();

  Phase phase_ = Phase::done;
  bool chunked_ = false;
  std::uint64_t left_ = 0;
  std::uint32_t digits_ = 0;
  std::uint32_t line_ = 0;  // bytes of the extension or of all trailers
  std::uint32_t name_ = 0;  // bytes of the trailer's name kept in `name_bytes_`
  std::array<char, 32> name_bytes_{};
};

}  // namespace weir::agent
