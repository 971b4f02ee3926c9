// The controller's own upkeep through the operator desk: copies of its state, how much it logs.

#include <utility>

#include "common/async/on_blocking.h"
#include "common/base/text.h"
#include "controller/app/operator_desk.h"
#include "controller/app/state_snapshot.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace pb = admin::v1;

namespace {

constexpr std::uint32_t k_keep = 3;
constexpr std::uint32_t k_keep_max = 100;

}  // namespace

asio::awaitable<Result<pb::TakeSnapshotReply>> OperatorDesk::take_snapshot(
    pb::TakeSnapshotRequest request, std::string who) {
  if (request.keep() > k_keep_max) {
    co_return fail(Code::invalid_argument, "of snapshots 1 to " + std::to_string(k_keep_max) +
                                               " are kept, not " + std::to_string(request.keep()));
  }
  if (std::exchange(snapshot_runs_, true)) {
    co_return fail(Code::aborted, "somebody else takes a snapshot at the same time: try again");
  }
  const std::int64_t now = plane_.unix_ms();
  const std::size_t keep = request.keep() == 0 ? k_keep : request.keep();
  const auto made = co_await on_blocking<Result<StateSnapshot>>(
      snapshot_thread_, [&store = parts_.store, state_dir = parts_.state_dir, now, keep] {
        return controller::take_snapshot(store, state_dir, now, keep);
      });
  snapshot_runs_ = false;
  if (!made) co_return fail(made.error());
  plane_.note("snapshot.taken", "info", made->folder + " by " + who);
  pb::TakeSnapshotReply reply;
  reply.mutable_snapshot()->set_folder(made->folder);
  reply.mutable_snapshot()->set_unix_ms(now);
  reply.mutable_snapshot()->set_commit(made->commit);
  reply.mutable_snapshot()->set_bytes(made->bytes);
  reply.set_not_removed(made->not_removed);
  for (const std::string& folder : made->removed) reply.add_removed(folder);
  co_return reply;
}

asio::awaitable<Result<pb::SetLogLevelReply>> OperatorDesk::set_log_level(
    pb::SetLogLevelRequest request, std::string who) {
  const auto wanted =
      request.level().empty() ? configured_log_level_ : parse_log_level(request.level());
  if (!wanted) {
    co_return fail(Code::invalid_argument, "log level " + in_quotes(request.level()) +
                                               " is none of debug, info, warn, error");
  }
  pb::SetLogLevelReply reply;
  reply.set_before(std::string(log_level_name(parts_.log.level())));
  parts_.log.set_level(*wanted);
  reply.set_after(std::string(log_level_name(*wanted)));
  plane_.note("log.level", "info", reply.before() + " -> " + reply.after() + " by " + who);
  co_return reply;
}

}  // namespace weir::controller
