#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/offload/vnet_header.h"
#include "common/os/fd.h"

namespace weir {

/// Where inner packets come from and go to. One thread.
class TunIo {
 public:
  /// What the kernel takes and gives at once.
  struct Offloads {
    bool tcp = false;  ///< packets of up to 64 KB that are cut or joined by the other side
    bool udp = false;
  };
  /// A packet of `size` bytes, and what is to be done to it before it goes on a wire. Size 0: none
  /// waits.
  struct Read {
    std::size_t size = 0;
    VnetHeader header;
  };
  enum class Written : std::uint8_t {
    taken,
    refused,      ///< interface down, queue full, malformed
    unsupported,  ///< EINVAL for a joined packet: some kernels refuse what they promised
  };

  virtual ~TunIo() = default;

  virtual Offloads offloads() const = 0;

  /// Readable when a packet waits, in error when the interface is gone.
  virtual int poll_fd() const = 0;

  /// Copies the next IP packet into `into`. A packet longer than `into` is cut.
  /// Errors: not_found (the interface is gone), unavailable.
  virtual Result<Read> read(ByteSpan into) = 0;

  /// Hands one IP packet to the kernel, given in pieces.
  virtual Written write(const VnetHeader& header, std::span<const iovec> pieces) = 0;
};

/// A TUN interface of Linux, without packet information; with virtio headers and large packets
/// where the kernel has them (TCP: Linux 2.6.27; UDP: 6.2).
class TunDevice final : public TunIo {
 public:
  /// What is asked for; what the kernel gives is `offloads()`.
  struct Options {
    bool large_packets = true;
    bool large_udp = true;
  };

  /// Creates the interface, or attaches to a persistent one; it goes when the object goes, unless
  /// it is persistent. Errors: invalid_argument (name), not_found (/dev/net/tun),
  /// permission_denied, already_exists (another program holds the interface), unavailable.
  static Result<TunDevice> create(const std::string& name, Options options);
  static Result<TunDevice> create(const std::string& name) { return create(name, Options()); }

  Offloads offloads() const override { return offloads_; }
  int poll_fd() const override { return fd_.get(); }
  Result<Read> read(ByteSpan into) override;
  Written write(const VnetHeader& header, std::span<const iovec> pieces) override;

  /// The interface's present name, also after a rename or in another network namespace.
  /// Errors: not_found (the interface is gone).
  Result<std::string> name() const;

  /// The network namespace the interface is in, as a file descriptor for setns.
  /// Errors: not_found (the interface is gone), permission_denied, unimplemented (Linux < 5.10).
  Result<Fd> network_namespace() const;

 private:
  TunDevice(Fd fd, bool has_header, Offloads offloads)
      : fd_(std::move(fd)), has_header_(has_header), offloads_(offloads) {}

  Fd fd_;
  bool has_header_;
  Offloads offloads_;
};

}  // namespace weir
