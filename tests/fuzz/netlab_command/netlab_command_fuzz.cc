#include <variant>

#include "common/base/assert.h"
#include "common/base/bytes.h"
#include "netlab/hub.h"

namespace {

weir::netlab::Hub small_lab() {
  return weir::netlab::Hub(*weir::netlab::parse_topology(
      "name: f\ndefault: {delay: 1ms}\nnodes:\n"
      "  a: {addresses: [10.0.0.1/24]}\n  b: {addresses: [10.0.0.2/24]}\n"
      "  c: {addresses: [10.0.0.3/24]}\n"));
}

}  // namespace

// Any bytes as lines of the control protocol: each refused, or understood and applied to a lab. One
// that is refused has changed nothing, and healing brings back what the topology says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  weir::netlab::Hub hub = small_lab();
  const std::string fresh = show_json(hub);
  std::string_view text = weir::as_text({data, size});
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto command = weir::netlab::parse_command(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!command) continue;
    std::visit(
        [&hub](const auto& chosen) {
          if constexpr (requires { hub.apply(chosen); }) {
            const std::string before = show_json(hub);
            if (!hub.apply(chosen)) {
              WEIR_ASSERT(show_json(hub) == before, "a refused command changed the lab");
            }
          }
        },
        *command);
  }
  WEIR_ASSERT(hub.apply(weir::netlab::HealCommand{}), "a lab can be healed");
  WEIR_ASSERT(show_json(hub) == fresh, "healing left a change");
  return 0;
}
