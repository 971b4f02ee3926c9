// A configuration file: whatever it holds, reading it ends, and a file without complaints gives
// values within their rules.

#include <cstdint>
#include <cstdlib>

#include "common/config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 16384) return 0;
  auto config = weir::Config::parse({reinterpret_cast<const char*>(data), size}, "f");
  if (!config) return 0;
  weir::ConfigSection root = config->root();
  root.text("name", "x");
  const auto mtu = root.integer("mtu", {.min = 576, .max = 65535, .fallback = 1420});
  const auto wait =
      root.duration("wait", {.max = std::chrono::hours(1), .fallback = std::chrono::seconds(1)});
  const double share = root.ratio("share", 0.5);
  root.optional_endpoint("listen");
  root.prefix("overlay", weir::IpPrefix());
  for (auto& service : root.sections("services", 100)) {
    service.text("name");
    for (const auto& region : service.section("residency").keys()) service.texts(region);
  }
  if (config->finish()) {
    if (mtu < 576 || mtu > 65535 || wait > std::chrono::hours(1) || !(share >= 0 && share <= 1)) {
      abort();
    }
  }
  config->effective();
  return 0;
}
