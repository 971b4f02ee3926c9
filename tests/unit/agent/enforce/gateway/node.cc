#include "tests/unit/agent/enforce/gateway/node.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace weir::agent {

namespace asio = boost::asio;
using std::chrono::milliseconds;

Node::Node(const std::string& region, ServicePlan plan, unsigned workers)
    : region_(region),
      plan_(std::move(plan)),
      workers_(workers),
      core_(std::make_unique<asio::io_context>()) {}

Node::~Node() { stop(); }

const ServiceName& Node::web() {
  static const ServiceName name("shop/web");
  return name;
}

ServicePlan Node::http_plan() {
  ServicePlan plan;
  plan.service = web();
  plan.protocol = Protocol::http;
  plan.objective = milliseconds(5000);
  plan.connect_timeout = milliseconds(2000);
  plan.request_timeout = milliseconds(8000);
  return plan;
}

ServicePlan Node::tcp_plan() {
  ServicePlan plan = http_plan();
  plan.protocol = Protocol::tcp;
  return plan;
}

Node& Node::to(const std::string& region, double weight, const Node* node) {
  Destination destination;
  destination.region = RegionName(region);
  destination.own = node == nullptr;
  destination.weight = weight;
  if (node != nullptr) {
    destination.doors.push_back(
        {{AgentId(region + "/agent-1"), RegionName(region), node->overlay_}, true, true});
    ingress_port_ = node->gateway_->ingress()->port;
  }
  destinations_.push_back(std::move(destination));
  return *this;
}

Node& Node::to_door(const std::string& region, double weight, const Endpoint& door) {
  Destination destination;
  destination.region = RegionName(region);
  destination.weight = weight;
  destination.doors.push_back(
      {{AgentId(region + "/agent-1"), RegionName(region), door.address}, true, true});
  ingress_port_ = door.port;
  destinations_.push_back(std::move(destination));
  return *this;
}

Node& Node::start(const std::string& address, std::uint16_t ingress_port) {
  overlay_ = IpAddress::parse(address).value();
  GatewayOptions options;
  options.listen = IpAddress::parse("127.0.0.1").value();
  options.region = RegionName(region_);
  options.workers = workers_;
  options.ingress_port = ingress_port_;
  publish();
  gateway_ = std::make_unique<Gateway>(
      options, routes_, endpoints_, clock_, core_->get_executor(),
      [this](const EndpointSignal& signal) { signals_.push_back(signal); }, 7);
  EXPECT_TRUE(gateway_->start());
  EXPECT_TRUE(gateway_->set_services({&plan_, 1}));
  EXPECT_TRUE(gateway_->set_ingress({overlay_, ingress_port}));
  return *this;
}

void Node::stop(milliseconds patience) {
  if (!gateway_) return;
  core_->restart();
  auto stopped = asio::co_spawn(*core_, gateway_->stop(patience), asio::use_future);
  core_->run();
  stopped.get();
  gateway_.reset();
}

void Node::publish() {
  auto endpoints = std::make_shared<LocalEndpoints>();
  endpoints->services.push_back({plan_.service, servers_});
  endpoints_.store(std::move(endpoints));
  ServiceRoutes routes;
  routes.plan = plan_;
  routes.destinations = destinations_;
  routes.panic = panic_;
  for (const Destination& destination : destinations_) routes.weights.push_back(destination.weight);
  auto table = std::make_shared<RoutingTable>();
  table->services.push_back(std::make_shared<const ServiceRoutes>(std::move(routes)));
  routes_.store(std::move(table));
  if (gateway_) {
    gateway_->refresh();
    settle();
  }
}

void Node::set_path(const std::string& region, bool up) {
  for (Destination& destination : destinations_) {
    if (destination.region.value() != region) continue;
    destination.reachable = up;
    for (Doorway& door : destination.doors) door.up = up;
    if (!up) destination.weight = 0;
  }
  publish();
}

void Node::set_weight(const std::string& region, double weight) {
  for (Destination& destination : destinations_) {
    if (destination.region.value() == region) destination.weight = weight;
  }
  publish();
}

void Node::set_healthy(const Endpoint& endpoint, bool healthy) {
  for (LocalEndpoints::Entry& server : servers_) {
    if (server.endpoint == endpoint) server.healthy = healthy;
  }
  publish();
}

std::string Node::ask(std::string_view request) const {
  Wire wire = connect();
  wire.write(request);
  return wire.read_message(request.starts_with("HEAD "));
}

std::string Node::get(std::string_view path) const {
  return ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: shop\r\n\r\n");
}

void Node::settle() {
  // What a client has seen, its worker may still have to count: that is queued by the second round.
  for (int round = 0; round < 3; ++round) gateway_->settle();
}

std::vector<EndpointSignal> Node::signals() {
  settle();
  core_->restart();
  core_->poll();
  return signals_;
}

DestinationTraffic Node::traffic(const std::string& region) {
  settle();
  for (DestinationTraffic& row : gateway_->collect().destinations) {
    if (row.region.value() == region) return row;
  }
  return {};
}

}  // namespace weir::agent
