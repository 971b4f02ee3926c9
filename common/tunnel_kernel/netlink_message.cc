#include "common/tunnel_kernel/netlink_message.h"

#include <linux/netlink.h>

#include <algorithm>
#include <cstring>

#include "common/base/assert.h"
#include "common/crypto/keys.h"

namespace weir {
namespace {

constexpr std::size_t k_explanation_max = 200;

std::size_t aligned(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

template <typename Number>
ByteView bytes_of(const Number& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof(value)};
}

template <typename Number>
std::optional<Number> read_number(ByteView value) {
  if (value.size() != sizeof(Number)) return std::nullopt;
  Number number;
  std::memcpy(&number, value.data(), sizeof(number));
  return number;
}

/// The text the kernel may add to a refusal, behind the refused message.
std::string explanation_in(ByteView payload, std::uint16_t flags) {
  if ((flags & NLM_F_ACK_TLVS) == 0 || payload.size() < sizeof(nlmsgerr)) return {};
  nlmsgerr refusal;
  std::memcpy(&refusal, payload.data(), sizeof(refusal));
  std::size_t skip = sizeof(refusal);
  if ((flags & NLM_F_CAPPED) == 0) {
    const std::size_t refused = aligned(refusal.msg.nlmsg_len);
    if (refused < sizeof(nlmsghdr) || refused > payload.size()) return {};
    skip += refused - sizeof(nlmsghdr);
  }
  if (skip > payload.size()) return {};
  AttributeReader reader(payload.subspan(skip));
  while (const auto attribute = reader.next()) {
    if (attribute->type != NLMSGERR_ATTR_MSG) continue;
    std::string text = read_text(attribute->value).substr(0, k_explanation_max);
    std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
  }
  return {};
}

/// A number at the start of an answer: 0, or minus an errno.
Result<int> error_in(ByteView payload) {
  if (payload.size() < sizeof(std::int32_t)) {
    return fail(Code::internal, "the kernel's answer ends in the middle of its error code");
  }
  std::int32_t number = 0;
  std::memcpy(&number, payload.data(), sizeof(number));
  if (number > 0 || number < -4095) {
    return fail(Code::internal, "the kernel's answer has the error code " + std::to_string(number));
  }
  return -number;
}

}  // namespace

NetlinkMessage::NetlinkMessage(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  append(bytes_of(header));
}

NetlinkMessage::~NetlinkMessage() { wipe(bytes_); }

void NetlinkMessage::append(ByteView bytes) {
  if (bytes_.capacity() < bytes_.size() + bytes.size() + 4) {
    // What a growing vector leaves behind would not be wiped.
    ByteVector larger;
    larger.reserve(std::max<std::size_t>(512, 2 * (bytes_.size() + bytes.size() + 4)));
    larger.assign(bytes_.begin(), bytes_.end());
    wipe(bytes_);
    bytes_ = std::move(larger);
  }
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  bytes_.resize(aligned(bytes_.size()));
}

void NetlinkMessage::put(std::uint16_t attribute, ByteView value) {
  nlattr header{};
  header.nla_len = static_cast<std::uint16_t>(sizeof(header) + value.size());
  WEIR_ASSERT(header.nla_len == sizeof(header) + value.size(), std::to_string(value.size()));
  header.nla_type = attribute;
  append(bytes_of(header));
  append(value);
}

void NetlinkMessage::put_u8(std::uint16_t attribute, std::uint8_t value) {
  put(attribute, bytes_of(value));
}

void NetlinkMessage::put_u16(std::uint16_t attribute, std::uint16_t value) {
  put(attribute, bytes_of(value));
}

void NetlinkMessage::put_u32(std::uint16_t attribute, std::uint32_t value) {
  put(attribute, bytes_of(value));
}

void NetlinkMessage::put_text(std::uint16_t attribute, std::string_view text) {
  ByteVector value(text.begin(), text.end());
  value.push_back(0);
  put(attribute, value);
}

std::size_t NetlinkMessage::open(std::uint16_t attribute) {
  const std::size_t opened = bytes_.size();
  put(static_cast<std::uint16_t>(attribute | NLA_F_NESTED), {});
  return opened;
}

void NetlinkMessage::close(std::size_t opened) {
  const std::size_t length = bytes_.size() - opened;
  const auto written = static_cast<std::uint16_t>(length);
  WEIR_ASSERT(written == length, std::to_string(length));
  std::memcpy(bytes_.data() + opened, &written, sizeof(written));
}

std::uint16_t NetlinkMessage::type() const {
  nlmsghdr header;
  std::memcpy(&header, bytes_.data(), sizeof(header));
  return header.nlmsg_type;
}

ByteView NetlinkMessage::finish(std::uint32_t sequence) {
  nlmsghdr header;
  std::memcpy(&header, bytes_.data(), sizeof(header));
  header.nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
  header.nlmsg_seq = sequence;
  std::memcpy(bytes_.data(), &header, sizeof(header));
  return bytes_;
}

std::optional<AttributeReader::Attribute> AttributeReader::next() {
  if (rest_.empty() || broken_) return std::nullopt;
  nlattr header;
  if (rest_.size() < sizeof(header)) {
    broken_ = true;
    return std::nullopt;
  }
  std::memcpy(&header, rest_.data(), sizeof(header));
  if (header.nla_len < sizeof(header) || header.nla_len > rest_.size()) {
    broken_ = true;
    return std::nullopt;
  }
  Attribute found;
  found.type = header.nla_type & NLA_TYPE_MASK;
  found.value = rest_.subspan(sizeof(header), header.nla_len - sizeof(header));
  rest_ = rest_.subspan(std::min(aligned(header.nla_len), rest_.size()));
  return found;
}

std::optional<std::uint8_t> read_u8(ByteView value) { return read_number<std::uint8_t>(value); }
std::optional<std::uint16_t> read_u16(ByteView value) { return read_number<std::uint16_t>(value); }
std::optional<std::uint32_t> read_u32(ByteView value) { return read_number<std::uint32_t>(value); }
std::optional<std::uint64_t> read_u64(ByteView value) { return read_number<std::uint64_t>(value); }

std::string read_text(ByteView value) {
  const auto end = std::ranges::find(value, 0);
  return {value.begin(), end};
}

Result<NetlinkVerdict> read_netlink(
    ByteView datagram, std::uint32_t sequence, std::uint32_t port,
    const std::function<Status(std::uint16_t type, ByteView payload)>& visit) {
  NetlinkVerdict verdict;
  while (!datagram.empty() && !verdict.done) {
    nlmsghdr header;
    if (datagram.size() < sizeof(header)) {
      return fail(Code::internal, "the kernel's answer ends in the middle of a header");
    }
    std::memcpy(&header, datagram.data(), sizeof(header));
    if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > datagram.size()) {
      return fail(Code::internal, "a message of " + std::to_string(header.nlmsg_len) +
                                      " bytes in an answer of " + std::to_string(datagram.size()));
    }
    const ByteView payload = datagram.subspan(sizeof(header), header.nlmsg_len - sizeof(header));
    datagram = datagram.subspan(std::min(aligned(header.nlmsg_len), datagram.size()));
    if (header.nlmsg_seq != sequence || header.nlmsg_pid != port) continue;
    if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) verdict.interrupted = true;
    if (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE) {
      WEIR_ASSIGN(number, error_in(payload));
      verdict.done = true;
      verdict.error = number;
      if (header.nlmsg_type == NLMSG_ERROR) {
        verdict.explanation = explanation_in(payload, header.nlmsg_flags);
      }
    } else if (header.nlmsg_type >= NLMSG_MIN_TYPE) {
      WEIR_TRY(visit(header.nlmsg_type, payload));
    }
  }
  return verdict;
}

}  // namespace weir
