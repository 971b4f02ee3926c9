#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "agent/discovery/endpoint_map.h"
#include "common/base/result.h"

namespace weir::agent {

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
