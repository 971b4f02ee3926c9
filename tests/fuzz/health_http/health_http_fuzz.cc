// A server's answer to a health check: the verdict does not depend on how the bytes are cut.

#include <cstdlib>

#include "agent/health/http_answer.h"

namespace {

using namespace weir;         // NOLINT(google-build-using-namespace)
using namespace weir::agent;  // NOLINT(google-build-using-namespace)

bool healthy(const HealthCheckSpec& spec, ByteView bytes, std::size_t piece) {
  HttpAnswer answer(spec);
  Result<bool> enough = false;
  while (!bytes.empty() && enough && !*enough) {
    const std::size_t size = std::min(piece, bytes.size());
    enough = answer.feed(bytes.first(size));
    bytes = bytes.subspan(size);
  }
  if (!enough) return false;
  if (!*enough && !answer.end()) return false;
  return answer.verdict().has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  HealthCheckSpec plain;
  healthy(plain, ByteView(data, size), size);
  HealthCheckSpec picky;
  picky.http_body_contains = "ok";
  picky.http_header_name = "X-State";
  picky.http_header_value = "ok";
  const bool whole = healthy(picky, ByteView(data, size), size);
  if (size < 2048 && healthy(picky, ByteView(data, size), 1) != whole) std::abort();
  return 0;
}
