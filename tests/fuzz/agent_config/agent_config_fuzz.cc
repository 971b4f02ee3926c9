// agent.yaml, whatever it holds: refused with complaints, or options within the limits that the
// agent relies on; and what is told to be in force is read again as the same.

#include <cstdint>
#include <string_view>

#include "agent/app/options.h"
#include "common/base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  if (size > 16384) return 0;
  auto config = Config::parse({reinterpret_cast<const char*>(data), size}, "f");
  if (!config) return 0;
  const auto options = agent::read_agent_options(*config);
  if (!options) {
    WEIR_ASSERT(!options.error().message().empty(), "refused without a complaint");
    return 0;
  }
  WEIR_ASSERT(options->gateway_workers >= 1 && options->gateway_workers <= 64, "workers");
  WEIR_ASSERT(options->tunnel.mtu >= 1280 && options->tunnel.mtu <= 65535, "mtu");
  WEIR_ASSERT(!options->state_dir.empty(), "nowhere to keep its state");
  return 0;
}
