#pragma once

#include <net/if.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "common/base/result.h"
#include "common/os/fd.h"
#include "common/tunnel/tun.h"

namespace weir {

/// What the engine needs to know about its interface.
struct LinkView {
  bool up = false;
  std::uint32_t mtu = 0;

  friend bool operator==(const LinkView&, const LinkView&) = default;
};

/// Follows a TUN interface through changes of state, MTU, name and network namespace.
///
/// Listens to rtnetlink in the namespace the interface is in. Moving there takes a short-lived
/// thread, since a socket belongs for ever to the namespace its thread was in. Where the kernel
/// does not tell (Linux < 5.10, no CAP_SYS_ADMIN there), it keeps looking in the namespace of its
/// creation and, after a move, reports what it saw last.
class LinkMonitor {
 public:
  /// `tun` outlives the monitor.
  static Result<LinkMonitor> create(const TunDevice& tun);

  /// Readable when something may have changed; may be another number after `look`.
  int poll_fd() const { return netlink_.get(); }

  /// Takes the notifications away and looks at the interface; nothing when it was removed.
  std::optional<LinkView> look();

  /// Makes the interface's queue `wanted` packets long if it is `present` ones long; false when it
  /// is not, or the kernel refuses.
  bool change_tx_queue_length(std::uint32_t present, std::uint32_t wanted);

 private:
  LinkMonitor(const TunDevice& tun, Fd netlink) : tun_(&tun), netlink_(std::move(netlink)) {}
  void follow();
  std::optional<ifreq> named_request() const;

  const TunDevice* tun_;
  Fd netlink_;
  ino_t namespace_ = 0;
  LinkView last_;
};

}  // namespace weir
