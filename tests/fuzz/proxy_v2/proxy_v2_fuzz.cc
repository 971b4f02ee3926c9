// What is accepted, written and parsed again is the same preamble.

#include <cstdint>
#include <string>

#include "agent/enforce/gateway/proxy_v2.h"
#include "common/base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  using namespace weir::agent;
  const auto parsed = parse_proxy_v2({data, size});
  if (!parsed || !*parsed) return 0;
  WEIR_ASSERT((*parsed)->size <= size, "the preamble is part of the bytes");
  ProxyPreamble preamble = (*parsed)->preamble;
  // A sender without an address is written as LOCAL, which carries none at all.
  if (preamble.source.address.is_unspecified()) preamble.source = preamble.destination = {};
  std::string out;
  write_proxy_v2(preamble, out);
  const auto again = parse_proxy_v2(as_bytes(out));
  WEIR_ASSERT(again && *again, "our own preamble is read");
  WEIR_ASSERT((*again)->size == out.size(), "and nothing else");
  WEIR_ASSERT((*again)->preamble == preamble, "and says the same");
  return 0;
}
