#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/enforce/gateway/gateway.h"
#include "tests/unit/agent/enforce/gateway/scripted.h"

namespace boost::asio {
class io_context;
}

namespace weir::agent {

/// One region of a test: a gateway with an ingress on its own loopback address.
///
///   client ─▶ Node "us" gateway ─▶ its servers
///                       └────────▶ Node "eu" ingress (127.0.0.x) ─▶ its servers
class Node {
 public:
  static const ServiceName& web();

  explicit Node(const std::string& region, ServicePlan plan = http_plan(), unsigned workers = 1);
  ~Node();

  static ServicePlan http_plan();
  static ServicePlan tcp_plan();

  Node& server(const Endpoint& endpoint, bool healthy = true) {
    servers_.push_back({endpoint, healthy});
    return *this;
  }
  /// A destination: the own region, or another node's ingress.
  Node& to(const std::string& region, double weight, const Node* node = nullptr);
  /// What pretends to be the ingress of another region.
  Node& to_door(const std::string& region, double weight, const Endpoint& door);
  /// Starts the gateway; the ingress on `address`, port 0 or that of the first node.
  Node& start(const std::string& address = "127.0.0.1", std::uint16_t ingress_port = 0);
  void stop(std::chrono::milliseconds patience = std::chrono::milliseconds(0));

  void set_path(const std::string& region, bool up);
  void set_weight(const std::string& region, double weight);
  void set_healthy(const Endpoint& endpoint, bool healthy);
  void set_panic(bool panic) { panic_ = panic; }
  void publish();

  Endpoint listener() const { return gateway_->listener(web()).value(); }
  Gateway& gateway() { return *gateway_; }
  Wire connect() const { return Wire::connect(listener()); }
  /// One request on a connection of its own; the whole answer.
  std::string ask(std::string_view request) const;
  std::string get(std::string_view path = "/") const;
  /// Waits until the workers have done everything posted so far.
  void settle();
  std::vector<EndpointSignal> signals();
  DestinationTraffic traffic(const std::string& region);

  ServicePlan plan_copy() const { return plan_; }

 private:
  const std::string region_;
  ServicePlan plan_;
  const unsigned workers_;
  std::vector<LocalEndpoints::Entry> servers_;
  std::vector<Destination> destinations_;
  bool panic_ = false;
  IpAddress overlay_;
  std::uint16_t ingress_port_ = 0;

  SystemClock clock_;
  std::unique_ptr<boost::asio::io_context> core_;
  Snapshot<RoutingTable> routes_;
  Snapshot<LocalEndpoints> endpoints_;
  std::vector<EndpointSignal> signals_;
  GatewayTraffic collected_;
  std::unique_ptr<Gateway> gateway_;
};

}  // namespace weir::agent
