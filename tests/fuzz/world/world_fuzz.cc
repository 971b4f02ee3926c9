// Exported models from anybody: refused, or worlds that can be simulated and are the same when
// written and read again.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "controller/simulate/world/fitted_world.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::controller;
  if (size > 65536) return 0;
  const auto worlds = read_worlds({reinterpret_cast<const char*>(data), size});
  if (!worlds) return 0;
  for (const Scenario& world : *worlds) {
    if (!check(world)) abort();
    const auto message = to_world(world);
    const auto again = from_world(message);
    if (!again || to_world(*again).SerializeAsString() != message.SerializeAsString()) abort();
  }
  return 0;
}
