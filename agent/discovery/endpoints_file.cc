#include "agent/discovery/endpoints_file.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "common/base/text.h"
#include "common/model/revision.h"

namespace weir::agent {

namespace {

std::unexpected<Error> complain(const YAML::Mark& at, const std::string& what) {
  const std::string line = at.is_null() ? "" : "line " + std::to_string(at.line + 1) + ": ";
  return fail(Code::invalid_argument, line + what);
}

Result<std::vector<Endpoint>> read_list(const YAML::Node& list, const ServiceName& service,
                                        std::size_t& left) {
  std::vector<Endpoint> endpoints;
  if (list.IsNull()) return endpoints;
  if (!list.IsSequence()) {
    return complain(list.Mark(), in_quotes(service.value()) +
                                     " needs a list of endpoints such as [\"10.1.0.11:8080\"]");
  }
  for (const YAML::Node& item : list) {
    if (!item.IsScalar()) return complain(item.Mark(), "an endpoint is \"ADDRESS:PORT\"");
    if (left == 0) {
      return fail(Code::resource_exhausted,
                  "more than " + std::to_string(k_endpoints_max) + " endpoints in all");
    }
    --left;
    const auto endpoint = Endpoint::parse(item.Scalar());
    if (!endpoint) return complain(item.Mark(), endpoint.error().message());
    if (endpoint->port == 0 || endpoint->address.is_unspecified()) {
      return complain(item.Mark(),
                      in_quotes(item.Scalar()) + " is no server: address and port are not 0");
    }
    endpoints.push_back(*endpoint);
  }
  std::ranges::sort(endpoints);
  const auto repeated = std::ranges::unique(endpoints);
  endpoints.erase(repeated.begin(), repeated.end());
  return endpoints;
}

Result<EndpointMap> read_services(const YAML::Node& services) {
  EndpointMap map;
  if (services.IsNull()) return map;
  if (!services.IsMap()) {
    return complain(services.Mark(), "\"services\" needs a map of service to endpoints");
  }
  std::size_t left = k_endpoints_max;
  for (const auto& entry : services) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (!valid_name(name, true)) {
      return complain(entry.first.Mark(), in_quotes(name) + " is no service name (namespace/name)");
    }
    if (map.size() == k_services_max) {
      return fail(Code::resource_exhausted,
                  "more than " + std::to_string(k_services_max) + " services");
    }
    auto endpoints = read_list(entry.second, ServiceName(name), left);
    if (!endpoints) return fail(std::move(endpoints).error());
    if (!map.emplace(ServiceName(name), *std::move(endpoints)).second) {
      return complain(entry.first.Mark(), in_quotes(name) + " stands here twice");
    }
  }
  return map;
}

Result<EndpointMap> read_document(const YAML::Node& document) {
  if (!document || document.IsNull()) return EndpointMap{};
  if (!document.IsMap()) return complain(document.Mark(), "the file starts with \"services:\"");
  std::optional<EndpointMap> map;
  for (const auto& entry : document) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (key != "services") {
      return complain(entry.first.Mark(), in_quotes(key) + " is unknown; only \"services\" is");
    }
    if (map) return complain(entry.first.Mark(), "\"services\" stands here twice");
    auto services = read_services(entry.second);
    if (!services) return services;
    map = *std::move(services);
  }
  return std::move(map).value_or(EndpointMap{});
}

}  // namespace

Result<EndpointMap> parse_endpoints(std::string_view text) {
  if (text.size() > k_endpoints_file_max) {
    return fail(Code::resource_exhausted, "the file is longer than 1 MiB");
  }
  try {
    return read_document(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& problem) {
    return complain(problem.mark, problem.msg);
  } catch (const std::exception& problem) {
    return fail(Code::invalid_argument, std::string("not YAML: ") + problem.what());
  }
}

}  // namespace weir::agent
