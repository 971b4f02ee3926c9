#include "controller/policy/rivals/request_rivals.h"

#include "controller/policy/rivals/least_request.h"
#include "controller/policy/rivals/peak_ewma.h"
#include "controller/policy/rivals/prequal.h"

namespace weir::controller {
namespace {

using Made = std::unique_ptr<RequestPolicy>;

void add_peak_ewma(PolicyCatalog& catalog, std::string_view name, std::string_view summary,
                   EndpointScope scope) {
  catalog.add(RequestPolicyKind{
      .name = name,
      .summary = summary,
      .tunables = {{.name = "decay_s",
                    .standard = 10,
                    .low = 0.5,
                    .high = 30,
                    .by_factors = true,
                    .meaning = "time constant of an endpoint's response time"},
                   {.name = "default_ms",
                    .standard = 10,
                    .low = 1,
                    .high = 200,
                    .by_factors = true,
                    .meaning = "response time of an endpoint nobody used yet"}},
      .make = [name, scope](const ServiceSetting& setting, const PolicyMaterial& material) -> Made {
        PeakEwmaOptions options;
        options.scope = scope;
        options.decay_s = material.tuning["decay_s"];
        options.default_ms = material.tuning["default_ms"];
        return std::make_unique<PeakEwma>(setting, name, options);
      }});
}

void add_least_request(PolicyCatalog& catalog, std::string_view name, std::string_view summary,
                       EndpointScope scope) {
  catalog.add(RequestPolicyKind{
      .name = name,
      .summary = summary,
      .tunables = {},
      .make = [name, scope](const ServiceSetting& setting, const PolicyMaterial&) -> Made {
        return std::make_unique<LeastRequest>(setting, name, scope);
      }});
}

void add_prequal(PolicyCatalog& catalog, std::string_view name, std::string_view summary,
                 bool add_rtt) {
  catalog.add(RequestPolicyKind{
      .name = name,
      .summary = summary,
      .tunables = {{.name = "probes_per_query",
                    .standard = 3,
                    .low = 1.1,
                    .high = 5,
                    .meaning = "probes sent for each request"},
                   {.name = "hot_quantile",
                    .standard = 0.84,
                    .low = 0.5,
                    .high = 0.999,
                    .meaning = "of in-flight counts, above which an endpoint is hot"},
                   {.name = "pool_max",
                    .standard = 16,
                    .low = 4,
                    .high = 64,
                    .by_factors = true,
                    .meaning = "answers kept"},
                   {.name = "removals_per_query",
                    .standard = 1,
                    .low = 0,
                    .high = 2,
                    .meaning = "answers dropped for each request"},
                   {.name = "age_max_ms",
                    .standard = 1000,
                    .low = 100,
                    .high = 3000,
                    .by_factors = true,
                    .meaning = "age at which an answer is dropped"},
                   {.name = "error_penalty_ms",
                    .standard = 1000,
                    .low = 0,
                    .high = 5000,
                    .meaning = "latency that an endpoint's failing always is worth"}},
      .make = [name, add_rtt](const ServiceSetting& setting,
                              const PolicyMaterial& material) -> Made {
        PrequalOptions options;
        options.add_rtt = add_rtt;
        options.probes_per_query = material.tuning["probes_per_query"];
        options.hot_quantile = material.tuning["hot_quantile"];
        options.pool_max = static_cast<std::size_t>(material.tuning["pool_max"]);
        options.removals_per_query = material.tuning["removals_per_query"];
        options.age_max_ms = material.tuning["age_max_ms"];
        options.error_penalty_ms = material.tuning["error_penalty_ms"];
        return std::make_unique<Prequal>(setting, name, options);
      }});
}

}  // namespace

void add_request_rivals(PolicyCatalog& catalog) {
  add_least_request(catalog, "least-request-p2c", "fewer in flight of two endpoints, all regions",
                    EndpointScope::mesh);
  add_peak_ewma(catalog, "peak-ewma-p2c", "Finagle's peak EWMA of two endpoints, all regions",
                EndpointScope::mesh);
  add_peak_ewma(catalog, "peak-ewma-local", "the same inside the nearest region that works",
                EndpointScope::nearest);
  add_prequal(catalog, "prequal", "Prequal: probes, hot-cold rule", false);
  add_prequal(catalog, "prequal-geo", "Prequal with the path's round-trip time added", true);
}

}  // namespace weir::controller
