#include "common/tunnel_kernel/tunnel_settings.h"

namespace weir {
namespace {

constexpr std::size_t k_interface_max = 15;  // what the kernel takes

std::uint32_t number(ConfigSection& section, std::string_view name, const IntegerRule& rule) {
  return static_cast<std::uint32_t>(section.integer(name, rule));
}

}  // namespace

TunnelOptions TunnelSettings::options() const {
  TunnelOptions made;
  made.interface = interface;
  made.listen_port = listen_port;
  made.mtu = mtu;
  made.tx_queue_length = tx_queue_length;
  made.busy_poll = busy_poll;
  return made;
}

TunnelSettings read_tunnel_settings(ConfigSection& tunnel) {
  TunnelSettings made;
  made.interface = tunnel.text("interface", made.interface);
  if (made.interface.empty() || made.interface.size() > k_interface_max ||
      made.interface.find_first_of("/ ") != std::string::npos) {
    tunnel.complain("interface",
                    in_quotes(made.interface) + " must be 1 to 15 characters without / and blanks");
  }
  made.backend = tunnel.choice<TunnelChoice>("backend",
                                             {{"auto", TunnelChoice::automatic},
                                              {"kernel", TunnelChoice::kernel},
                                              {"embedded", TunnelChoice::embedded}},
                                             TunnelChoice::automatic);
  made.listen_port = static_cast<std::uint16_t>(
      number(tunnel, "listen_port", {.min = 1, .max = 65535, .fallback = made.listen_port}));
  made.mtu = number(tunnel, "mtu", {.min = 1280, .max = 65535, .fallback = made.mtu});
  made.tx_queue_length =
      number(tunnel, "tx_queue_length", {.min = 8, .max = 10000, .fallback = made.tx_queue_length});
  made.busy_poll = std::chrono::microseconds(
      number(tunnel, "busy_poll_us",
             {.min = 0, .max = 1000, .fallback = made.busy_poll / std::chrono::microseconds(1)}));
  return made;
}

}  // namespace weir
