#pragma once

#include <map>
#include <vector>

#include "common/base/ids.h"
#include "common/net/ip.h"

namespace weir::agent {

/// The servers of this cluster by service, each list sorted and without duplicates.
using EndpointMap = std::map<ServiceName, std::vector<Endpoint>>;

}  // namespace weir::agent
