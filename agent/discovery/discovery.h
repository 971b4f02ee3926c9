#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/net/ip.h"

namespace weir::agent {

/// The servers of this cluster by service, each list sorted and without duplicates.
using EndpointMap = std::map<ServiceName, std::vector<Endpoint>>;

/// Where the servers of this cluster come from: a file now; Kubernetes and DNS have the same shape.
class Discovery {
 public:
  /// The whole map when it changed, or why it cannot be read now: then the last map stays in force.
  /// The same complaint is reported once. On run()'s executor.
  using Report = std::function<void(const Result<EndpointMap>&)>;

  virtual ~Discovery() = default;

  /// Watches and reports until cancelled. Called once.
  virtual boost::asio::awaitable<void> run(Report report) = 0;
};

}  // namespace weir::agent
