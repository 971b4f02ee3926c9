#include "agent/health/announce_message.h"

#include <map>

#include "common/base/assert.h"
#include "common/model/revision.h"

namespace weir::agent {

namespace {

constexpr std::size_t k_header = 26;
constexpr std::uint8_t k_version = 1;

std::size_t size_of(const ServiceHealth& service) { return 1 + service.service.value().size() + 8; }

void append(ByteVector& out, const ServiceHealth& service) {
  const std::string& name = service.service.value();
  out.push_back(static_cast<std::uint8_t>(name.size()));
  out.insert(out.end(), name.begin(), name.end());
  const std::size_t at = out.size();
  out.resize(at + 8);
  store_be32(&out[at], service.healthy);
  store_be32(&out[at + 4], service.endpoints);
}

Result<ServiceHealth> take_entry(ByteView& rest) {
  const auto broken =
      fail(Code::invalid_argument, "an announcement ends in the middle of a service");
  if (rest.empty() || rest.size() < 9U + rest[0]) return broken;
  const std::size_t length = rest[0];
  const std::string_view name = as_text(rest.subspan(1, length));
  const ServiceHealth service{ServiceName(std::string(name)), load_be32(&rest[1 + length]),
                              load_be32(&rest[5 + length])};
  if (!valid_name(name, true)) {
    return fail(Code::invalid_argument, "an announcement names an impossible service");
  }
  if (service.healthy > service.endpoints) {
    return fail(Code::invalid_argument, "an announcement has more healthy servers than servers");
  }
  rest = rest.subspan(9 + length);
  return service;
}

}  // namespace

std::vector<ByteVector> encode_announcement(std::uint64_t boot_id, std::uint64_t sequence,
                                            const std::vector<ServiceHealth>& services) {
  std::vector<ByteVector> parts(1, ByteVector(k_header));
  std::vector<std::uint16_t> counts(1, 0);
  for (const ServiceHealth& service : services) {
    WEIR_ASSERT(valid_name(service.service.value(), true), service.service.value());
    if (parts.back().size() + size_of(service) > k_announce_datagram_max) {
      if (parts.size() == k_announce_parts_max) break;
      parts.emplace_back(k_header);
      counts.push_back(0);
    }
    append(parts.back(), service);
    ++counts.back();
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::uint8_t* header = parts[i].data();
    header[0] = 'W';
    header[1] = 'A';
    header[2] = k_version;
    store_be64(header + 4, boot_id);
    store_be64(header + 12, sequence);
    store_be16(header + 20, static_cast<std::uint16_t>(i));
    store_be16(header + 22, static_cast<std::uint16_t>(parts.size()));
    store_be16(header + 24, counts[i]);
  }
  return parts;
}

Result<AnnouncePart> parse_announcement(ByteView datagram) {
  if (datagram.size() < k_header || datagram.size() > k_announce_datagram_max) {
    return fail(Code::invalid_argument, "an announcement has 26 to 1200 bytes");
  }
  if (datagram[0] != 'W' || datagram[1] != 'A' || datagram[2] != k_version || datagram[3] != 0) {
    return fail(Code::invalid_argument, "not an announcement of version 1");
  }
  AnnouncePart part;
  part.boot_id = load_be64(&datagram[4]);
  part.sequence = load_be64(&datagram[12]);
  part.part = load_be16(&datagram[20]);
  part.parts = load_be16(&datagram[22]);
  if (part.parts == 0 || part.parts > k_announce_parts_max || part.part >= part.parts) {
    return fail(Code::invalid_argument, "an announcement counts its parts wrongly");
  }
  const std::uint16_t entries = load_be16(&datagram[24]);
  ByteView rest = datagram.subspan(k_header);
  for (std::uint16_t i = 0; i < entries; ++i) {
    auto service = take_entry(rest);
    if (!service) return fail(std::move(service).error());
    part.services.push_back(*std::move(service));
  }
  if (!rest.empty()) return fail(Code::invalid_argument, "bytes after the last service");
  return part;
}

std::vector<ServiceHealth> sum_up(const std::vector<EndpointState>& endpoints) {
  std::map<ServiceName, ServiceHealth> by_service;
  for (const EndpointState& endpoint : endpoints) {
    ServiceHealth& sum = by_service[endpoint.service];
    sum.service = endpoint.service;
    ++sum.endpoints;
    if (endpoint.healthy) ++sum.healthy;
  }
  std::vector<ServiceHealth> sums;
  for (auto& [name, sum] : by_service) sums.push_back(std::move(sum));
  return sums;
}

}  // namespace weir::agent
