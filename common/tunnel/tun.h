#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/os/fd.h"

namespace weir {

/// Where inner packets come from and go to. One thread.
class TunIo {
 public:
  virtual ~TunIo() = default;

  /// Readable when a packet waits, in error when the interface is gone.
  virtual int poll_fd() const = 0;

  /// Copies the next IP packet into `into` and returns its size; 0 when none waits. A packet longer
  /// than `into` is cut.
  /// Errors: not_found (the interface is gone), unavailable.
  virtual Result<std::size_t> read(ByteSpan into) = 0;

  /// Hands one IP packet to the kernel; the bytes may be overwritten, also the 16 before them.
  /// False when the kernel refused it: interface down, malformed packet.
  virtual bool write(ByteSpan packet) = 0;
};

/// A TUN interface of Linux, one packet a call, without packet information.
class TunDevice final : public TunIo {
 public:
  /// Creates the interface, or attaches to a persistent one; it goes when the object goes, unless
  /// it is persistent. Errors: invalid_argument (name), not_found (/dev/net/tun),
  /// permission_denied, already_exists (another program holds the interface), unavailable.
  static Result<TunDevice> create(const std::string& name);

  int poll_fd() const override { return fd_.get(); }
  Result<std::size_t> read(ByteSpan into) override;
  bool write(ByteSpan packet) override;

  /// The interface's present name, also after a rename or in another network namespace.
  /// Errors: not_found (the interface is gone).
  Result<std::string> name() const;

  /// The network namespace the interface is in, as a file descriptor for setns.
  /// Errors: not_found (the interface is gone), permission_denied, unimplemented (Linux < 5.10).
  Result<Fd> network_namespace() const;

 private:
  explicit TunDevice(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_;
};

}  // namespace weir
