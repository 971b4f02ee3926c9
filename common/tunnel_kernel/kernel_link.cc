#include "common/tunnel_kernel/kernel_link.h"

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cerrno>

#include "common/base/text.h"

namespace weir {
namespace {

ifinfomsg header_for(std::uint32_t index) {
  ifinfomsg header{};
  header.ifi_index = static_cast<int>(index);
  return header;
}

Error explain(const NetlinkAnswer& answer, const std::string& what, const std::string& name) {
  const Error error = answer.as_error(what + " interface " + in_quotes(name));
  if (error.code() != Code::permission_denied) return error;
  return {error.code(), error.message() + "; run as root or with CAP_NET_ADMIN"};
}

}  // namespace

Result<KernelLinks> KernelLinks::open() {
  WEIR_ASSIGN(socket, NetlinkSocket::open(NETLINK_ROUTE));
  return KernelLinks(std::move(socket));
}

Result<KernelLink> KernelLinks::create(const std::string& name, std::uint32_t mtu) {
  NetlinkMessage message(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  message.header(header_for(0));
  message.put_text(IFLA_IFNAME, name);
  message.put_u32(IFLA_MTU, mtu);
  const std::size_t info = message.open(IFLA_LINKINFO);
  message.put_text(IFLA_INFO_KIND, k_wireguard_kind);
  message.close(info);
  const NetlinkAnswer made = socket_.exchange(message);
  if (made.error == EOPNOTSUPP) {
    return fail(Code::unimplemented,
                "this kernel has no WireGuard: it makes no interface of kind wireguard (load the "
                "module wireguard)");
  }
  if (!made.ok()) return fail(explain(made, "make the WireGuard", name));

  WEIR_ASSIGN(link, find(name));
  NetlinkMessage mark(RTM_NEWLINK, NLM_F_ACK);
  mark.header(header_for(link.index));
  mark.put_text(IFLA_IFALIAS, k_weir_mark);
  const NetlinkAnswer marked = socket_.exchange(mark);
  if (!marked.ok()) {
    (void)remove(link);
    return fail(explain(marked, "mark the WireGuard", name));
  }
  link.alias = k_weir_mark;
  return link;
}

Result<KernelLink> KernelLinks::find(const std::string& name) {
  NetlinkMessage question(RTM_GETLINK, NLM_F_ACK);
  question.header(header_for(0));
  question.put_text(IFLA_IFNAME, name);
  return get(question, name);
}

Result<KernelLink> KernelLinks::look(std::uint32_t index) {
  NetlinkMessage question(RTM_GETLINK, NLM_F_ACK);
  question.header(header_for(index));
  return get(question, "number " + std::to_string(index));
}

Result<KernelLink> KernelLinks::get(NetlinkMessage& question, const std::string& name) {
  std::optional<KernelLink> found;
  const NetlinkAnswer answer =
      socket_.exchange(question, [&](std::uint16_t type, ByteView payload) -> Status {
        if (type == RTM_NEWLINK) found = read_link(payload);
        return {};
      });
  if (!answer.ok()) return fail(explain(answer, "read", name));
  if (!found) return fail(Code::internal, "no usable answer about interface " + in_quotes(name));
  return std::move(*found);
}

Status KernelLinks::set_up(const KernelLink& link) {
  NetlinkMessage message(RTM_NEWLINK, NLM_F_ACK);
  ifinfomsg header = header_for(link.index);
  header.ifi_change = IFF_UP;
  header.ifi_flags = IFF_UP;
  message.header(header);
  const NetlinkAnswer answer = socket_.exchange(message);
  if (answer.error == EADDRINUSE) {
    return fail(Code::already_exists,
                "set up interface " + in_quotes(link.name) +
                    ": its UDP port is in use; end the other program or choose another port");
  }
  if (!answer.ok()) return fail(explain(answer, "set up", link.name));
  return {};
}

Status KernelLinks::set_mtu(const KernelLink& link, std::uint32_t mtu) {
  NetlinkMessage message(RTM_NEWLINK, NLM_F_ACK);
  message.header(header_for(link.index));
  message.put_u32(IFLA_MTU, mtu);
  const NetlinkAnswer answer = socket_.exchange(message);
  if (!answer.ok()) {
    return fail(explain(answer, "set MTU " + std::to_string(mtu) + " on", link.name));
  }
  return {};
}

Status KernelLinks::remove(const KernelLink& link) {
  NetlinkMessage message(RTM_DELLINK, NLM_F_ACK);
  message.header(header_for(link.index));
  const NetlinkAnswer answer = socket_.exchange(message);
  if (!answer.ok() && answer.error != ENODEV) return fail(explain(answer, "remove", link.name));
  return {};
}

}  // namespace weir
