#include <fmt/format.h>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/show.h"
#include "cli/render/units.h"

namespace weir::cli {

namespace {

std::string protocol_of(const Service& service) {
  switch (service.protocol()) {
    case policy::v1::PROTOCOL_TCP:
      return "tcp";
    case policy::v1::PROTOCOL_HTTP:
      return "http";
    default:
      return "?";
  }
}

Cell healthy_of(const ServiceRegion& region) {
  const Tone tone = region.endpoints_healthy() == region.endpoints_total() ? Tone::good
                    : region.endpoints_healthy() == 0                      ? Tone::bad
                                                                           : Tone::warn;
  return {fmt::format("{}/{}", region.endpoints_healthy(), region.endpoints_total()), tone};
}

/// One row per service and region.
std::string regions_of(AdminSession& session, const ListServicesReply& reply) {
  Table table({{"SERVICE"},
               {"PROTOCOL"},
               {"PORT", Align::right},
               {"OBJECTIVE", Align::right},
               {"REGION"},
               {"HEALTHY", Align::right},
               {"RATE", Align::right}});
  for (const Service& service : reply.services()) {
    bool first = true;
    for (const ServiceRegion& region : service.regions()) {
      table.add({first ? service.service() : "", first ? protocol_of(service) : "",
                 first ? std::to_string(service.listen_port()) : "",
                 first ? fmt::format("{} ms", service.objective_ms()) : "", region.region(),
                 healthy_of(region), show_per_second(region.requests_per_second())});
      first = false;
    }
  }
  return table_or(session, table, "No services: they are listed in the controller's file.");
}

/// One row per endpoint.
std::string endpoints_of(AdminSession& session, const ListServicesReply& reply) {
  Table table({{"SERVICE"},
               {"REGION"},
               {"ENDPOINT"},
               {"STATE"},
               {"SINCE"},
               {"IN FLIGHT", Align::right},
               {"REASON"}});
  for (const Service& service : reply.services()) {
    for (const ServiceRegion& region : service.regions()) {
      for (const auto& endpoint : region.endpoints()) {
        table.add({service.service(), region.region(), endpoint.endpoint(),
                   endpoint.healthy() ? Cell("healthy", Tone::good) : Cell("down", Tone::bad),
                   session.when(endpoint.since_unix_ms()), std::to_string(endpoint.in_flight()),
                   endpoint.reason().empty() ? "-" : endpoint.reason()});
      }
    }
  }
  return table_or(session, table, "No endpoints: agents find them in their discovery files.");
}

constexpr Listing<ListServicesRequest, ListServicesReply> k_list{
    "ListServices", "WatchServices", "ServiceList", "cannot list the services"};

}  // namespace

void add_services(CommandSyntax program, AdminSession& session, Exit& exit) {
  const auto watch = std::make_shared<bool>(false);
  CommandSyntax ls = program.add_group("services", "What the mesh carries")
                         .add("ls", "Every service by region; -o wide: by endpoint");
  ls.flag("-w,--watch", *watch, "Follow every change");
  ls.runs([&session, &exit, watch] {
    exit = k_list.show(session, *watch, {}, [&](const ListServicesReply& reply) {
      return session.wide() ? endpoints_of(session, reply) : regions_of(session, reply);
    });
  });
}

}  // namespace weir::cli
