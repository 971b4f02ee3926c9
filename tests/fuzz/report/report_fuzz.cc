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
  ServiceSetting setting;
  setting.service = ServiceName("shop/web");
  setting.regions = {RegionName("us"), RegionName("eu")};
  const auto seen = telemetry.observe(setting, now - std::chrono::seconds(1), now);
  if (known(seen.offered[1]) || (!taken && known(seen.offered[0]))) abort();
  for (const PairSeen& pair : seen.pairs.cells()) {
    if (pair.in_slo > pair.ok) abort();
  }
  telemetry.failovers(Time());
  telemetry.paths(now);
  return 0;
}
