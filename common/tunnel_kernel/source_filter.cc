#include "common/tunnel_kernel/source_filter.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_gact.h>

#include <array>
#include <cerrno>
#include <utility>

namespace weir {
namespace {

constexpr std::uint32_t k_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);

/// Lower numbers first; a number belongs to one protocol.
std::uint32_t priority(const IpAddress& source, bool pass) {
  return (source.is_v4() ? 1U : 3U) + (pass ? 0U : 1U);
}

std::uint16_t ether_type(const IpAddress& source) {
  return htons(source.is_v4() ? ETH_P_IP : ETH_P_IPV6);
}

tcmsg filter_header(std::uint32_t interface_index, const IpAddress& source, bool pass,
                    std::uint32_t handle) {
  tcmsg header{};
  header.tcm_ifindex = static_cast<int>(interface_index);
  header.tcm_handle = handle;
  header.tcm_parent = k_parent;
  header.tcm_info = TC_H_MAKE(priority(source, pass) << 16U, ether_type(source));
  return header;
}

void put_address(NetlinkMessage& message, std::uint16_t value, std::uint16_t mask,
                 const IpAddress& address) {
  std::array<std::uint8_t, 16> ones;
  ones.fill(0xff);
  message.put(value, address.bytes());
  message.put(mask, ByteView(ones).first(address.bytes().size()));
}

void put_action(NetlinkMessage& message, int verdict) {
  const std::size_t list = message.open(TCA_FLOWER_ACT);
  const std::size_t first = message.open(1);
  message.put_text(TCA_ACT_KIND, "gact");
  const std::size_t options = message.open(TCA_ACT_OPTIONS);
  tc_gact parameters{};
  parameters.action = verdict;
  message.put(TCA_GACT_PARMS,
              {reinterpret_cast<const std::uint8_t*>(&parameters), sizeof(parameters)});
  message.close(options);
  message.close(first);
  message.close(list);
}

Status done(const NetlinkAnswer& answer, const std::string& what) {
  if (answer.ok()) return {};
  const Error error = answer.as_error(what);
  // The kernel says "not found" for a kind of filter that it has not.
  if (error.code() != Code::not_found && error.code() != Code::unimplemented) return fail(error);
  return fail(Code::unimplemented, error.message() +
                                       "; it takes the kernel's modules sch_ingress, cls_flower "
                                       "and act_gact");
}

}  // namespace

SourceRules source_rules(const DeviceConfig& config) {
  SourceRules rules;
  for (const PeerConfig& peer : config.peers) {
    if (!peer.only_destination) continue;
    for (const IpPrefix& prefix : peer.allowed_ips) {
      rules.emplace(prefix.address(), *peer.only_destination);
    }
  }
  return rules;
}

std::set<SourceFilter::Filter> SourceFilter::filters_for(const SourceRules& rules) {
  std::set<Filter> filters;
  for (const auto& [source, destination] : rules) {
    filters.insert({source, std::nullopt});
    // Of another family than the source, nothing could go there anyway.
    if (source.is_v4() == destination.is_v4()) filters.insert({source, destination});
  }
  return filters;
}

Status SourceFilter::require(NetlinkSocket& route, const SourceRules& wanted) {
  if (!wanted.empty() && !has_qdisc_) WEIR_TRY(add_qdisc(route));
  for (const Filter& filter : filters_for(wanted)) {
    if (!held_.contains(filter)) WEIR_TRY(add(route, filter));
  }
  return {};
}

Status SourceFilter::release(NetlinkSocket& route, const SourceRules& wanted) {
  const std::set<Filter> keep = filters_for(wanted);
  for (auto held = held_.begin(); held != held_.end();) {
    if (keep.contains(held->first)) {
      ++held;
      continue;
    }
    WEIR_TRY(remove(route, held->first, held->second));
    held = held_.erase(held);
  }
  return {};
}

Status SourceFilter::add_qdisc(NetlinkSocket& route) {
  NetlinkMessage message(RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  tcmsg header{};
  header.tcm_ifindex = static_cast<int>(interface_index_);
  header.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
  header.tcm_parent = TC_H_CLSACT;
  message.header(header);
  message.put_text(TCA_KIND, "clsact");
  const NetlinkAnswer answer = route.exchange(message);
  // Others filter at interfaces as well; there is one qdisc for all.
  if (answer.error != EEXIST) WEIR_TRY(done(answer, "filter what comes out of the tunnel"));
  has_qdisc_ = true;
  return {};
}

Status SourceFilter::add(NetlinkSocket& route, const Filter& filter) {
  const bool pass = filter.destination.has_value();
  const std::uint32_t handle = next_handle_++;
  NetlinkMessage message(RTM_NEWTFILTER, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  message.header(filter_header(interface_index_, filter.source, pass, handle));
  message.put_text(TCA_KIND, "flower");
  const std::size_t options = message.open(TCA_OPTIONS);
  const bool v4 = filter.source.is_v4();
  message.put_u16(TCA_FLOWER_KEY_ETH_TYPE, ether_type(filter.source));
  put_address(message, v4 ? TCA_FLOWER_KEY_IPV4_SRC : TCA_FLOWER_KEY_IPV6_SRC,
              v4 ? TCA_FLOWER_KEY_IPV4_SRC_MASK : TCA_FLOWER_KEY_IPV6_SRC_MASK, filter.source);
  if (pass) {
    put_address(message, v4 ? TCA_FLOWER_KEY_IPV4_DST : TCA_FLOWER_KEY_IPV6_DST,
                v4 ? TCA_FLOWER_KEY_IPV4_DST_MASK : TCA_FLOWER_KEY_IPV6_DST_MASK,
                *filter.destination);
  }
  put_action(message, pass ? TC_ACT_OK : TC_ACT_SHOT);
  message.close(options);
  WEIR_TRY(done(route.exchange(message),
                "let " + filter.source.to_string() + " reach nothing but its destination"));
  held_.emplace(filter, handle);
  return {};
}

Status SourceFilter::remove(NetlinkSocket& route, const Filter& filter, std::uint32_t handle) {
  NetlinkMessage message(RTM_DELTFILTER, NLM_F_ACK);
  message.header(
      filter_header(interface_index_, filter.source, filter.destination.has_value(), handle));
  message.put_text(TCA_KIND, "flower");
  const NetlinkAnswer answer = route.exchange(message);
  if (answer.error == ENOENT) return {};  // gone already
  return done(answer, "forget the filter of " + filter.source.to_string());
}

}  // namespace weir
