// A head that is accepted, written for the next hop and parsed again, must mean the same: the next
// server sees no other message than we did.

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/enforce/gateway/http1_head.h"
#include "agent/enforce/gateway/http1_rewrite.h"
#include "common/base/assert.h"

namespace {

using namespace weir::agent;

std::string_view whole_head(std::string_view bytes, HeadScanner& scanner) {
  if (scanner.scan(bytes) != HeadProgress::complete) return {};
  WEIR_ASSERT(scanner.size() <= bytes.size(), "the head is part of the bytes");
  return bytes.substr(0, scanner.size());
}

void check_request(std::string_view bytes) {
  HeadScanner scanner;
  RequestHead head;
  const std::string_view own = whole_head(bytes, scanner);
  if (own.empty() || parse_request(own, head)) return;
  RequestRewrite rewrite;
  rewrite.client = "192.0.2.1";
  rewrite.upgrade = !head.upgrade.empty();
  std::string out;
  write_request(head, rewrite, out);
  HeadScanner again(k_head_limits_inside);
  RequestHead parsed;
  const std::string_view next = whole_head(out, again);
  // However large it was: another agent takes what this one passes on.
  WEIR_ASSERT(next.size() == out.size(), out);
  WEIR_ASSERT(!parse_request(next, parsed), out);
  WEIR_ASSERT(parsed.method == head.method && parsed.target == head.target, out);
  WEIR_ASSERT(parsed.framing == head.framing, out);
  WEIR_ASSERT(parsed.expect_continue == head.expect_continue, out);
}

void check_response(std::string_view bytes) {
  HeadScanner scanner;
  ResponseHead head;
  const std::string_view own = whole_head(bytes, scanner);
  if (own.empty() || parse_response(own, "GET", head)) return;
  std::string out;
  write_response(head, {}, out);
  HeadScanner again(k_head_limits_inside);
  ResponseHead parsed;
  const std::string_view next = whole_head(out, again);
  WEIR_ASSERT(next.size() == out.size(), out);
  WEIR_ASSERT(!parse_response(next, "GET", parsed), out);
  WEIR_ASSERT(parsed.status == head.status && parsed.framing == head.framing, out);
  WEIR_ASSERT(!parsed.find(k_refused_header), out);
}

/// However the bytes arrive, the scanner finds the same end.
void check_pieces(std::string_view bytes) {
  HeadScanner at_once;
  const HeadProgress whole = at_once.scan(bytes);
  HeadScanner piecewise;
  HeadProgress progress = HeadProgress::incomplete;
  for (std::size_t n = 0; n <= bytes.size() && progress == HeadProgress::incomplete; n += 7) {
    progress = piecewise.scan(bytes.substr(0, n));
  }
  if (progress == HeadProgress::incomplete) progress = piecewise.scan(bytes);
  WEIR_ASSERT(progress == whole, "the pieces matter");
  WEIR_ASSERT(piecewise.size() == at_once.size(), "the pieces matter");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_request(bytes);
  check_response(bytes);
  check_pieces(bytes);
  return 0;
}
