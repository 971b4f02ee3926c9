#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "common/async/clock.h"
#include "common/os/fd.h"
#include "common/tunnel/backend.h"
#include "common/tunnel_kernel/device_plan.h"
#include "common/tunnel_kernel/kernel_link.h"
#include "common/tunnel_kernel/link_watch.h"
#include "common/tunnel_kernel/netlink_socket.h"
#include "common/tunnel_kernel/source_filter.h"
#include "common/tunnel_kernel/wireguard_wire.h"

namespace weir {

/// A tunnel of the kernel's own WireGuard, configured over netlink. Packets never pass through
/// this process; a thread waits for the interface's end.
///
/// An interface that a crash of this program left behind is taken over as it is, its sessions
/// included, and changed by difference; where peers are filtered it is made anew, because the
/// filters of the earlier run are not known. Moved to another network namespace, the interface
/// counts as gone: from here it can be configured no more.
///
///   cost     apply and state ask the kernel for all peers, O(peers + prefixes); counters() one
///            look at the interface. Nothing waits for packets.
///   thread   calls from any thread, one after the other, except from within `on_end`
class KernelTunnel final : public TunnelBackend {
 public:
  /// Of TunnelOptions, tx_queue_length and uapi mean nothing here.
  /// Errors: invalid_argument (an option), permission_denied, already_exists (an interface of
  /// somebody else, another process with this tunnel, the port in use), unimplemented (the kernel
  /// has no WireGuard), unavailable.
  /// `filtering`: peers with `only_destination` will come.
  static Result<std::unique_ptr<KernelTunnel>> create(TunnelOptions options, bool filtering);

  /// Removes the interface.
  ~KernelTunnel() override;
  KernelTunnel(const KernelTunnel&) = delete;
  KernelTunnel& operator=(const KernelTunnel&) = delete;

  /// As TunnelBackend::apply. When the kernel refuses in the middle, the message names the peer;
  /// what came before it is in force, and the next `apply` goes on from there.
  Status apply(const DeviceConfig& config) override;
  Result<TunnelState> state() const override;
  TunnelCounters counters() const override;
  bool post(std::function<void()> job) override;
  const std::string& interface() const override { return name_; }

 private:
  KernelTunnel(std::string name, Fd claim, KernelLinks links, KernelLink link, NetlinkSocket route,
               NetlinkSocket generic, std::uint16_t family);

  Status set_up(const TunnelOptions& options);
  Result<KernelDevice> read_device() const;
  Status change(const DeviceChange& change);
  Status change_one_by_one(const DeviceChange& change, const SetMessage& refused);
  Error explain(const NetlinkAnswer& answer, const std::string& what) const;
  Status not_ended() const;

  // Constant after construction.
  const SystemClock clock_;
  const std::string name_;
  const Fd claim_;
  const std::uint32_t index_;
  const WireguardWire wire_;

  std::atomic<bool> ended_{false};

  mutable std::mutex mutex_;  // guards all that follows but watch_
  mutable KernelLinks links_;
  KernelLink link_;
  mutable NetlinkSocket route_;
  mutable NetlinkSocket generic_;
  AskedEndpoints asked_;
  SourceFilter filter_;
  mutable TunnelCounters last_counters_;

  std::unique_ptr<LinkWatch> watch_;  // last: its thread reports into the above
};

/// Takes away an interface that a run on the kernel's WireGuard left behind, so that another
/// backend can have the name. Nothing when there is none.
Status remove_left_behind(const std::string& interface);

/// Tries whether the kernel makes a WireGuard interface for us, and drops packets by their source
/// when `filtering` is asked for, with an interface that is taken away again.
/// Errors: the reason why not.
Status probe_kernel_wireguard(bool filtering);

}  // namespace weir
