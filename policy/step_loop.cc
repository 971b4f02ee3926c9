#include "policy/step_loop.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

namespace weir::policy {
namespace {

constexpr std::size_t k_read_bytes = 1U << 16U;

Status write_all(int out, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(out, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      return fail(Code::unavailable, std::string("standard output: ") + std::strerror(errno));
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

/// Cuts what is read into lines and hands them to the session.
class LineFeed {
 public:
  explicit LineFeed(StepSession& session) : session_(session) {}

  /// The answers to the lines that ended in `bytes`.
  std::string take(std::string_view bytes) {
    std::string answers;
    for (std::size_t end = bytes.find('\n'); end != std::string_view::npos;
         end = bytes.find('\n')) {
      keep(bytes.substr(0, end));
      answers += end_line();
      bytes.remove_prefix(end + 1);
    }
    keep(bytes);
    return answers;
  }

  /// The answer to a last line without an end.
  std::string finish() { return line_.empty() && !too_long_ ? std::string() : end_line(); }

 private:
  void keep(std::string_view part) {
    if (too_long_ || line_.size() + part.size() > k_line_bytes_max) {
      too_long_ = true;
      line_.clear();
      return;
    }
    line_ += part;
  }

  std::string end_line() {
    std::string answer = too_long_ ? session_.answer_too_long() : session_.answer(line_);
    line_.clear();
    too_long_ = false;
    return answer + "\n";
  }

  StepSession& session_;
  std::string line_;
  bool too_long_ = false;
};

}  // namespace

Status run_steps(StepSession& session, int in, int out) {
  LineFeed feed(session);
  std::vector<char> buffer(k_read_bytes);
  while (true) {
    const ssize_t got = ::read(in, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return fail(Code::unavailable, std::string("standard input: ") + std::strerror(errno));
    }
    if (got == 0) return write_all(out, feed.finish());
    WEIR_TRY(write_all(out, feed.take({buffer.data(), static_cast<std::size_t>(got)})));
  }
}

}  // namespace weir::policy
