#include <variant>

#include "common/base/bytes.h"
#include "netlab/hub.h"

namespace {

weir::netlab::Hub small_lab() {
  return weir::netlab::Hub(*weir::netlab::parse_topology(
      "name: f\ndefault: {delay: 1ms}\nnodes:\n"
      "  a: {addresses: [10.0.0.1/24]}\n  b: {addresses: [10.0.0.2/24]}\n"));
}

}  // namespace

// Any bytes as a line of the control protocol: refused, or understood and applied to a lab.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static weir::netlab::Hub hub = small_lab();
  const auto command = weir::netlab::parse_command(weir::as_text({data, size}));
  if (!command) return 0;
  std::visit(
      [](const auto& chosen) {
        if constexpr (requires { hub.apply(chosen); }) static_cast<void>(hub.apply(chosen));
      },
      *command);
  return 0;
}
