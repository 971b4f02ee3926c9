#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/crypto/keys.h"
#include "common/net/ip.h"

namespace weir::bench {

/// `count` private keys, one after the other, into `path`; their public keys, a line each, to
/// standard output.
Status make_initiators(std::size_t count, const std::string& path);

struct HandshakeLoad {
  PublicKey responder{};
  Endpoint at;
  std::string keys;  ///< of make_initiators
  std::size_t window = 48;
  double per_second = 3000;  ///< below what makes either implementation ask for cookies
};

struct HandshakeReport {
  std::size_t sent = 0;
  std::size_t responses = 0;
  std::size_t cookies = 0;
  double seconds = 0;
};

/// One initiation of each key, made beforehand; at most `window` unanswered.
Result<HandshakeReport> run_handshakes(const HandshakeLoad& load);

}  // namespace weir::bench
