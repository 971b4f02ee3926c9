// A report of an agent gone wrong: it is refused, or taken and then shown without harm.

#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <cstdlib>

#include "controller/telemetry/telemetry.h"

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  telemetry::v1::Report report;
  if (size > 65536 || !report.ParseFromArray(data, static_cast<int>(size))) return 0;
  controller::Telemetry telemetry(
      {.regions = {RegionName("us"), RegionName("eu")}, .services = {ServiceName("shop/web")}});
  const Time now{std::chrono::hours(1)};
  const Status taken = telemetry.ingest(AgentId("us/agent-1"), RegionName("us"), report, now, 1000);
  const Observation seen = telemetry.observe(now, 1000);
  for (const auto& demand : seen.demand) {
    if (!taken || demand.from != RegionName("us")) abort();
    for (const auto& result : demand.to) {
      if (result.within_objective > result.ok) abort();
    }
  }
  telemetry.failovers(Time());
  telemetry.paths(now);
  return 0;
}
