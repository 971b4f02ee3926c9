#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/result.h"

namespace weir {

/// One netlink message under construction: header, the family's own header, attributes.
class NetlinkMessage {
 public:
  /// `flags` besides NLM_F_REQUEST.
  NetlinkMessage(std::uint16_t type, std::uint16_t flags);

  /// The family's header, at once after the construction. `Header` has no pointers.
  template <typename Header>
  void header(const Header& value) {
    append({reinterpret_cast<const std::uint8_t*>(&value), sizeof(value)});
  }

  /// `value` has at most 65531 bytes.
  void put(std::uint16_t attribute, ByteView value);
  void put_u8(std::uint16_t attribute, std::uint8_t value);
  void put_u16(std::uint16_t attribute, std::uint16_t value);  ///< host order, as the next
  void put_u32(std::uint16_t attribute, std::uint32_t value);
  void put_text(std::uint16_t attribute, std::string_view text);  ///< with a zero at its end

  /// Opens an attribute that holds attributes; `close` takes what `open` returned.
  std::size_t open(std::uint16_t attribute);
  void close(std::size_t opened);

  std::size_t size() const { return bytes_.size(); }
  std::uint16_t type() const;
  /// Ready to be sent. The bytes are this object's.
  ByteView finish(std::uint32_t sequence);

  ~NetlinkMessage();
  NetlinkMessage(NetlinkMessage&&) noexcept = default;
  NetlinkMessage& operator=(NetlinkMessage&&) noexcept = default;

 private:
  void append(ByteView bytes);

  ByteVector bytes_;  // may hold keys: wiped at the end
};

/// Walks over attributes without trusting any length in them.
class AttributeReader {
 public:
  struct Attribute {
    std::uint16_t type = 0;  ///< without its flags
    ByteView value;
  };

  explicit AttributeReader(ByteView bytes) : rest_(bytes) {}

  /// The next one; nothing at the end and where a length cannot be.
  std::optional<Attribute> next();
  /// Whether it ended because a length was wrong.
  bool broken() const { return broken_; }

 private:
  ByteView rest_;
  bool broken_ = false;
};

/// Numbers in host order; nothing when the size is another.
std::optional<std::uint8_t> read_u8(ByteView value);
std::optional<std::uint16_t> read_u16(ByteView value);
std::optional<std::uint32_t> read_u32(ByteView value);
std::optional<std::uint64_t> read_u64(ByteView value);
/// Up to the first zero, or all of it.
std::string read_text(ByteView value);

/// What one datagram from the kernel says about a request.
struct NetlinkVerdict {
  bool done = false;         ///< acknowledged, refused, or the end of a dump
  int error = 0;             ///< an errno; 0 is success
  std::string explanation;   ///< the kernel's own words with an error, printable; often empty
  bool interrupted = false;  ///< a dump during which something changed
};

/// Shows each message that answers `sequence` to `visit` (its type, what follows the header) and
/// says how the request stands. Messages of other requests are passed over. `port` is our own.
/// Errors: internal (a length that cannot be).
Result<NetlinkVerdict> read_netlink(
    ByteView datagram, std::uint32_t sequence, std::uint32_t port,
    const std::function<Status(std::uint16_t type, ByteView payload)>& visit);

}  // namespace weir
