// The end of a body may not depend on how its bytes arrive. First byte: framing and size of pieces.

#include <cstdint>
#include <string_view>

#include "agent/enforce/gateway/http1_body.h"
#include "common/base/assert.h"

namespace {

using namespace weir::agent;

struct End {
  std::size_t used = 0;
  bool done = false;
  bool bad = false;
  bool operator==(const End&) const = default;
};

End run(BodyFraming framing, std::string_view bytes, std::size_t piece) {
  BodyMachine body(framing);
  End end;
  while (end.used < bytes.size() && !body.done() && !end.bad) {
    const std::string_view next = bytes.substr(end.used, piece);
    const BodyMachine::Step step = body.consume(next);
    WEIR_ASSERT(step.used <= next.size(), "took more than there is");
    WEIR_ASSERT(step.used == next.size() || body.done() || step.bad != nullptr, "stopped early");
    end.used += step.used;
    end.bad = step.bad != nullptr;
  }
  end.done = body.done();
  WEIR_ASSERT(!(end.done && end.bad), "a broken body has no end");
  return end;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  BodyFraming framing{BodyFraming::Kind::chunked, 0};
  if (data[0] % 8 == 1) framing = {BodyFraming::Kind::length, data[0]};
  if (data[0] % 8 == 2) framing.kind = BodyFraming::Kind::until_close;
  const End whole = run(framing, bytes, bytes.size() + 1);
  WEIR_ASSERT(run(framing, bytes, 1 + data[0] / 8) == whole, "the pieces matter");
  return 0;
}
