#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

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
/// Listens to rtnetlink in the namespace of its creation, where another namespace has a number: a
/// socket inside would keep that one alive after everybody else has left it. Where the kernel gives
/// no number it opens that socket all the same, by a short-lived thread. Where the kernel does not
/// tell where the interface is (Linux < 5.10), it reports what it saw last.
class LinkMonitor {
 public:
  /// `tun` outlives the monitor.
  static Result<LinkMonitor> create(const TunDevice& tun);

  /// Readable when something may have changed; may be another number after `look`.
  int poll_fd() const { return netlink_.get(); }

  /// Takes the notifications away and looks at the interface; nothing when it was removed.
  std::optional<LinkView> look();

 private:
  LinkMonitor(const TunDevice& tun, Fd netlink) : tun_(&tun), netlink_(std::move(netlink)) {}
  void follow();
  std::optional<LinkView> view(const std::string& name) const;

  const TunDevice* tun_;
  Fd netlink_;
  ino_t home_ = 0;
  ino_t namespace_ = 0;                 ///< of the interface
  std::optional<std::int32_t> number_;  ///< of that namespace, if it is not ours
  LinkView last_;
};

}  // namespace weir
