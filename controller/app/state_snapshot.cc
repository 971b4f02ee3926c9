#include "controller/app/state_snapshot.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "common/base/text.h"
#include "common/os/fd.h"
#include "common/text/quantity.h"

namespace weir::controller {
namespace {

namespace fs = std::filesystem;

constexpr const char* k_unfinished = ".new";
constexpr const char* k_going = ".old";

std::unexpected<Error> disk_error(const std::string& what, const fs::path& path,
                                  const std::string& why) {
  return fail(Code::unavailable, what + " " + in_quotes(path.string()) + ": " + why);
}

/// The data of a file or the names of a folder, on the disk.
Status sync(const fs::path& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return disk_error("sync", path, std::strerror(errno));
  return {};
}

/// "2026-11-27T16-20-05Z": colons mean something to tar and scp.
std::string name_of(std::int64_t unix_ms) {
  std::string name = show_utc(unix_ms);
  std::ranges::replace(name, ':', '-');
  return name;
}

Result<std::uint64_t> size_of(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code problem;
  for (fs::recursive_directory_iterator at(folder, problem), end; !problem && at != end;
       at.increment(problem)) {
    if (at->is_regular_file(problem)) bytes += at->file_size(problem);
  }
  if (problem) return disk_error("measure", folder, problem.message());
  return bytes;
}

/// "dddd-dd-ddTdd-dd-ddZ": what an operator put beside them is nobody's to remove.
bool is_name(std::string_view name) {
  constexpr std::string_view form = "0000-00-00T00-00-00Z";
  return std::ranges::equal(name, form, [](char letter, char wanted) {
    return wanted == '0' ? letter >= '0' && letter <= '9' : letter == wanted;
  });
}

/// Those that are finished, the newest first: their names sort by time.
Result<std::vector<fs::path>> finished(const fs::path& folder) {
  std::vector<fs::path> all;
  std::error_code problem;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end;
       at.increment(problem)) {
    const bool one = is_name(at->path().filename().string()) && at->is_directory(problem);
    if (one && !at->is_symlink(problem)) all.push_back(at->path());
  }
  if (problem) return disk_error("list", folder, problem.message());
  std::ranges::sort(all, std::ranges::greater());
  return all;
}

Status rename_folder(const fs::path& from, const fs::path& to) {
  std::error_code problem;
  fs::rename(from, to, problem);
  if (problem) return disk_error("rename to", to, problem.message());
  return sync(to.parent_path());
}

Status remove_folder(const fs::path& path) {
  std::error_code problem;
  fs::remove_all(path, problem);
  if (problem) return disk_error("remove", path, problem.message());
  return {};
}

/// Out of the way first, so that what a crash leaves of it does not look whole.
Status take_away(const fs::path& snapshot) {
  const fs::path going = snapshot.parent_path() / k_going;
  WEIR_TRY(remove_folder(going));
  WEIR_TRY(rename_folder(snapshot, going));
  return remove_folder(going);
}

/// Removes what is beyond `keep`, the one just made being the first of them, also when the clock
/// was set back. The new one is there whatever comes of this.
Status prune(const fs::path& all, const fs::path& made, std::size_t keep,
             std::vector<std::string>& removed) {
  WEIR_ASSIGN(there, finished(all));
  std::erase(there, made);
  for (std::size_t i = std::max<std::size_t>(keep, 1) - 1; i < there.size(); ++i) {
    WEIR_TRY(take_away(there[i]));
    removed.push_back(there[i].string());
  }
  return {};
}

}  // namespace

Result<StateSnapshot> take_snapshot(Store& store, const std::string& state_dir,
                                    std::int64_t now_unix_ms, std::size_t keep) {
  std::error_code problem;
  const fs::path all = fs::absolute(state_dir, problem) / "snapshots";
  const fs::path last = all / name_of(now_unix_ms);
  const fs::path making = all / k_unfinished;
  if (!problem && fs::exists(last, problem)) {
    return fail(Code::already_exists,
                in_quotes(last.string()) + " is there: one snapshot a second can be taken");
  }
  if (problem) return disk_error("look at", last, problem.message());
  WEIR_TRY(remove_folder(making));
  for (const fs::path& folder : {all, making}) {
    fs::create_directory(folder, problem);
    if (!problem) fs::permissions(folder, fs::perms::owner_all, problem);
    if (problem) return disk_error("make", folder, problem.message());
  }
  WEIR_TRY(sync(all.parent_path()));
  StateSnapshot made{
      .folder = last.string(), .commit = 0, .bytes = 0, .removed = {}, .not_removed = {}};
  WEIR_ASSIGN(commit, store.copy_to((making / "store").string()));
  made.commit = commit;
  fs::permissions(making / "store", fs::perms::owner_all, problem);
  // With the key's own mode.
  if (!problem) fs::copy_file(fs::path(state_dir) / "tunnel.key", making / "tunnel.key", problem);
  if (problem) return disk_error("copy the tunnel's key to", making, problem.message());
  WEIR_TRY(sync(making / "tunnel.key"));
  WEIR_TRY(sync(making / "store"));
  WEIR_TRY(sync(making));
  WEIR_ASSIGN(bytes, size_of(making));
  made.bytes = bytes;
  WEIR_TRY(rename_folder(making, last));
  const Status pruned = prune(all, last, keep, made.removed);
  if (!pruned) made.not_removed = pruned.error().message();
  return made;
}

}  // namespace weir::controller
