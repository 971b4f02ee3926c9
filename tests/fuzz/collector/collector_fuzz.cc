// What a trace collector answers, its URL and the file of headers: never a crash, and nothing that
// is accepted can break out of its place in the request.

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "common/base/assert.h"
#include "controller/trace/collector.h"
#include "controller/trace/otlp.h"

namespace {

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto reply = weir::controller::read_export_reply(text);
  WEIR_ASSERT(reply.message.size() <= 500, "a message was not cut");
  if (const auto collector = weir::controller::parse_collector(text)) {
    WEIR_ASSERT(collector->port != 0 && printable(collector->path) &&
                    collector->path.find(' ') == std::string::npos &&
                    printable(collector->authority()),
                "a collector's URL breaks the request");
  }
  if (const auto headers = weir::controller::parse_headers(text)) {
    for (const auto& [name, value] : *headers) {
      WEIR_ASSERT(!name.empty() && printable(name) && printable(value), "a header breaks out");
    }
  }
  return 0;
}
