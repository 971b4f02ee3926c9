#include "common/tunnel/device.h"

#include <utility>

#include "common/tunnel/link_config.h"
#include "common/tunnel/uapi_server.h"
#include "common/tunnel/worker.h"

namespace weir {
namespace {

constexpr std::uint32_t k_mtu_min = 576;
constexpr std::uint32_t k_mtu_max = 65535;
constexpr Duration k_busy_poll_max = std::chrono::milliseconds(1);

Status set_up_link(const TunnelOptions& options) {
  WEIR_ASSIGN(link, LinkConfig::open(options.interface));
  WEIR_TRY(link.set_mtu(options.mtu));
  WEIR_TRY(link.set_tx_queue_length(options.tx_queue_length));
  if (options.bring_up) WEIR_TRY(link.set_up(true));
  return {};
}

UapiServer::Handler serve(TunnelWorker& worker, EndReport on_end) {
  return {.set = [&worker](const UapiSet& set) { return worker.change(set); },
          .get = [&worker]() -> Result<std::string> {
            WEIR_ASSIGN(state, worker.state());
            return print_uapi_get(
                {.device = state.device, .listen_port = state.listen_port, .fwmark = state.fwmark});
          },
          .on_removed = std::move(on_end)};
}

/// Two threads may notice an end; the first tells.
EndReport once(EndReport report) {
  if (!report) return [](const std::string&) {};
  auto told = std::make_shared<std::atomic<bool>>(false);
  return [report = std::move(report), told](const std::string& why) {
    if (!told->exchange(true)) report(why);
  };
}

}  // namespace

TunnelDevice::TunnelDevice(std::string interface) : interface_(std::move(interface)) {}

TunnelDevice::~TunnelDevice() = default;

Result<std::unique_ptr<TunnelDevice>> TunnelDevice::create(TunnelOptions options) {
  if (options.mtu < k_mtu_min || options.mtu > k_mtu_max) {
    return fail(Code::invalid_argument,
                "tunnel MTU " + std::to_string(options.mtu) + " is not from 576 to 65535 bytes");
  }
  const TunnelOffloads& offloads = options.offloads;
  if (options.busy_poll < Duration(0) || options.busy_poll > k_busy_poll_max) {
    return fail(Code::invalid_argument, "the tunnel's busy polling is not from 0 to 1 ms");
  }
  WEIR_ASSIGN(made, TunDevice::create(options.interface, {.large_packets = offloads.tun,
                                                          .large_udp = offloads.tun_udp}));
  auto tun = std::make_unique<TunDevice>(std::move(made));
  WEIR_ASSIGN(monitor, LinkMonitor::create(*tun));
  WEIR_ASSIGN(routes, RouteMonitor::create());
  WEIR_TRY(set_up_link(options));
  WEIR_ASSIGN(udp, UdpPort::open(options.listen_port, 0,
                                 {.cut = offloads.udp_cut, .join = offloads.udp_join}));
  WEIR_ASSIGN(wake, make_eventfd());

  TimestampFloor timestamps;
  if (!options.timestamp_file.empty()) {
    WEIR_ASSIGN(kept, TimestampFloor::open(options.timestamp_file));
    timestamps = std::move(kept);
  }

  const EndReport on_end = once(std::move(options.on_end));
  std::unique_ptr<TunnelDevice> device(new TunnelDevice(options.interface));
  device->worker_ = std::make_unique<TunnelWorker>(
      std::move(tun), std::move(monitor), std::move(udp), std::move(wake), std::move(routes),
      std::move(timestamps),
      TunnelWorker::Settings{.mtu = options.mtu, .busy_poll = options.busy_poll}, on_end);
  if (options.uapi) {
    WEIR_ASSIGN(server, UapiServer::create(options.uapi_directory, options.interface,
                                           serve(*device->worker_, on_end)));
    device->uapi_ = std::move(server);
  }
  return device;
}

Status TunnelDevice::apply(const DeviceConfig& config) { return worker_->apply(config); }

Status TunnelDevice::change(const UapiSet& set) { return worker_->change(set); }

Result<TunnelState> TunnelDevice::state() const { return worker_->state(); }

TunnelCounters TunnelDevice::counters() const { return worker_->counters(); }

bool TunnelDevice::post(std::function<void()> job) { return worker_->post(std::move(job)); }

const std::string& TunnelDevice::interface() const { return interface_; }

}  // namespace weir
