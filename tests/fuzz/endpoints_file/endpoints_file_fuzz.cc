// A file of endpoints: read or refused with words, never more endpoints than the limit.

#include <cstdlib>

#include "agent/discovery/endpoints_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;         // NOLINT(google-build-using-namespace)
  using namespace weir::agent;  // NOLINT(google-build-using-namespace)
  const auto map = parse_endpoints(as_text(ByteView(data, size)));
  if (!map) {
    if (map.error().message().empty()) std::abort();
    return 0;
  }
  std::size_t endpoints = 0;
  for (const auto& [service, list] : *map) endpoints += list.size();
  if (endpoints > k_endpoints_max) std::abort();
  return 0;
}
