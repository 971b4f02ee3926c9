#include "cli/context/context_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/config/config.h"
#include "common/os/fd.h"
#include "common/os/os_error.h"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

constexpr int k_links_max = 16;

/// All of it, and on the disk.
Status write_whole(int file, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail(os_error("write", errno));
    done += static_cast<std::size_t>(count);
  }
  if (::fsync(file) != 0) return fail(os_error("fsync", errno));
  return {};
}

}  // namespace

std::string context_path(const std::string& xdg_config_home, const std::string& home) {
  if (xdg_config_home.starts_with('/')) return xdg_config_home + "/weir/config.yaml";
  return home.empty() ? "" : home + "/.config/weir/config.yaml";
}

Result<ContextBook> load_contexts(const std::string& path) {
  std::error_code problem;
  if (path.empty() || !fs::exists(path, problem)) {
    if (problem && problem != std::errc::no_such_file_or_directory &&
        problem != std::errc::not_a_directory) {
      return fail(os_error(path, problem.value()));
    }
    return ContextBook();
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  std::string text(k_config_bytes_max + 1, '\0');
  if (!stream || fs::is_directory(path, problem)) {
    return fail(Code::permission_denied, path + " cannot be read");
  }
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > k_config_bytes_max) {
    return fail(Code::resource_exhausted, path + " is larger than 1 MiB");
  }
  return parse_contexts(text, path);
}

Status save_contexts(const std::string& path, const ContextBook& book) {
  if (path.empty()) {
    return fail(Code::failed_precondition, "neither XDG_CONFIG_HOME nor HOME is set");
  }
  std::error_code problem;
  fs::path named = path;
  // Also through a link to a file that is still to be made.
  for (int links = 0; links < k_links_max && fs::is_symlink(named, problem); ++links) {
    named = named.parent_path() / fs::read_symlink(named, problem);
  }
  const fs::path file = fs::weakly_canonical(named, problem);
  if (problem) return fail(os_error(path, problem.value()));
  const fs::path folder = file.parent_path();
  if (!fs::exists(folder, problem)) {
    fs::create_directories(folder, problem);
    if (problem) return fail(os_error(folder.string(), problem.value()));
    fs::permissions(folder, fs::perms::owner_all, problem);
  }
  std::string fresh = (folder / ".config.yaml.XXXXXX").string();
  Fd made(::mkostemp(fresh.data(), O_CLOEXEC));  // mode 0600
  if (!made) return fail(os_error(fresh, errno));
  Status written = write_whole(made.get(), contexts_text(book));
  if (written && ::rename(fresh.c_str(), file.c_str()) != 0) {
    written = fail(os_error(file.string(), errno));
  }
  if (!written) {
    ::unlink(fresh.c_str());
    return written;
  }
  // The new name is on the disk too; a file system that cannot promise this has the file at least.
  const Fd where(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (where) (void)::fsync(where.get());
  return {};
}

}  // namespace weir::cli
