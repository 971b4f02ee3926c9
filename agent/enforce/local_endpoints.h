#pragma once

#include <vector>

#include "common/base/ids.h"
#include "common/net/ip.h"

namespace weir::agent {

/// The servers of this cluster and whether each works: what the gateway and the ingress choose
/// from. A value, never changed once shared.
struct LocalEndpoints {
  struct Entry {
    Endpoint endpoint;
    bool healthy = false;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  struct Service {
    ServiceName service;
    std::vector<Entry> endpoints;
    friend bool operator==(const Service&, const Service&) = default;
  };
  std::vector<Service> services;
};

}  // namespace weir::agent
