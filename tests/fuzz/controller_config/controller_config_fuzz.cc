// controller.yaml, whatever it holds: refused with complaints, or options whose every region gets
// weights the guards accept.

#include <cstdint>
#include <cstdlib>

#include "common/routing/safe_set.h"
#include "controller/app/options.h"
#include "controller/policy/static_weights.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  if (size > 16384) return 0;
  auto config = Config::parse({reinterpret_cast<const char*>(data), size}, "f");
  if (!config) return 0;
  const auto options = controller::read_controller_options(*config);
  if (!options) return 0;
  for (const ServiceConfig& service : options->services) {
    for (const auto& proposal : controller::static_proposal(service, options->regions)) {
      const auto safe =
          to_safe_set({}, proposal.weights, service.guards_for(proposal.from), options->regions);
      if (!safe) abort();
    }
  }
  return 0;
}
