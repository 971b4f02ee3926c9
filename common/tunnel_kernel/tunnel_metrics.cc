#include "common/tunnel_kernel/tunnel_metrics.h"

namespace weir {

void write_tunnel_metrics(const TunnelCounters& tunnel, const std::string& backend,
                          MetricWriter& writer) {
  const auto packets = [&writer](const char* direction, std::uint64_t carried,
                                 std::uint64_t refused) {
    const MetricWriter::Labels labels = {{"direction", direction}};
    writer.counter("weir_tunnel_packets_total", "Packets inside the tunnel.",
                   static_cast<double>(carried), labels);
    writer.counter("weir_tunnel_packets_refused_total",
                   "Packets that the interface (in) or the UDP port (out) did not take.",
                   static_cast<double>(refused), labels);
  };
  writer.gauge("weir_tunnel_info",
               "Always 1; whose WireGuard the tunnel is, the kernel's or the one embedded here.", 1,
               {{"backend", backend}});
  packets("out", tunnel.packets_from_tun, tunnel.datagrams_refused);
  packets("in", tunnel.packets_to_tun, tunnel.packets_refused_by_tun);
  writer.counter("weir_tunnel_packets_without_room_total",
                 "Packets the embedded engine's queue had no room for; their senders slow down.",
                 static_cast<double>(tunnel.packets_without_room));
}

}  // namespace weir
