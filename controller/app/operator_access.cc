// Who may do what, and what they did, through the operator desk.

#include <algorithm>
#include <utility>

#include "common/async/on_blocking.h"
#include "controller/app/operator_desk.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace pb = admin::v1;

namespace {

constexpr std::uint32_t k_audit_shown = 100;
constexpr std::uint32_t k_audit_max = 10'000;

pb::Access to_message(const Access& access) {
  pb::Access out;
  out.set_id(access.id);
  out.set_name(access.name);
  out.set_role(access.role);
  out.set_created_unix_ms(access.created_unix_ms);
  out.set_expires_unix_ms(access.expires_unix_ms);
  return out;
}

}  // namespace

asio::awaitable<void> OperatorDesk::record(pb::AuditEntry entry) {
  entry.set_unix_ms(plane_.unix_ms());
  const Status kept = co_await on_blocking<Status>(
      plane_.blocking(), [this, &entry] { return parts_.audit.add(entry); });
  if (kept) co_return;
  parts_.log.error("audit.lost", {{"who", entry.who()},
                                  {"action", entry.action()},
                                  {"what", entry.what()},
                                  {"why", kept.error().message()}});
}

asio::awaitable<Result<pb::ListAuditReply>> OperatorDesk::list_audit(pb::ListAuditRequest request) {
  const std::uint32_t limit =
      request.limit() == 0 ? k_audit_shown : std::min(request.limit(), k_audit_max);
  using Entries = Result<std::vector<pb::AuditEntry>>;
  Entries entries = co_await on_blocking<Entries>(
      plane_.blocking(),
      [this, limit, until = request.until_unix_ms()] { return parts_.audit.list(limit, until); });
  if (!entries) co_return fail(std::move(entries).error());
  pb::ListAuditReply reply;
  for (pb::AuditEntry& entry : *entries) *reply.add_entries() = std::move(entry);
  co_return reply;
}

asio::awaitable<Result<pb::CreateAccessReply>> OperatorDesk::create_access(
    pb::CreateAccessRequest request, std::string who) {
  using Made = Result<NewAccess>;
  const Made made =
      co_await on_blocking<Made>(plane_.blocking(), [this, &request, now = plane_.unix_ms()] {
        return parts_.access.create(request.name(), request.role(), request.ttl_s(), now);
      });
  if (!made) co_return fail(made.error());
  plane_.note("access.created", "info",
              "access token " + made->access.id + " for " + made->access.name + " by " + who);
  pb::CreateAccessReply reply;
  *reply.mutable_access() = to_message(made->access);
  reply.set_secret(made->text.reveal());
  co_return reply;
}

asio::awaitable<Result<pb::ListAccessReply>> OperatorDesk::list_access() {
  using All = Result<std::vector<Access>>;
  const All all = co_await on_blocking<All>(
      plane_.blocking(), [this, now = plane_.unix_ms()] { return parts_.access.all(now); });
  if (!all) co_return fail(all.error());
  pb::ListAccessReply reply;
  for (const Access& access : *all) *reply.add_tokens() = to_message(access);
  co_return reply;
}

asio::awaitable<Status> OperatorDesk::revoke_access(std::string id, std::string who) {
  Status revoked = co_await on_blocking<Status>(plane_.blocking(),
                                                [this, &id] { return parts_.access.revoke(id); });
  if (!revoked) co_return revoked;
  if (parts_.access_ended) parts_.access_ended(id);
  plane_.note("access.revoked", "info", "access token " + id + " by " + who);
  co_return revoked;
}

}  // namespace weir::controller
