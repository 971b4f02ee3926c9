#include "agent/discovery/file_discovery.h"

#include <sys/inotify.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "agent/discovery/endpoints_file.h"
#include "common/async/either.h"
#include "common/base/text.h"

namespace weir::agent {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

namespace {

/// Tells that something happened to a file of the directory; which, is not worth telling apart.
asio::awaitable<void> wait_for_event(Descriptor& watch) {
  co_await asio::this_coro::throw_if_cancelled(false);
  if (!watch.is_open()) co_return;
  std::array<char, 4096> events{};
  co_await watch.async_read_some(asio::buffer(events), asio::as_tuple(asio::use_awaitable));
}

/// Not open when the directory does not exist yet, or the kernel gives no more watches.
Descriptor watch_directory(const asio::any_io_executor& executor,
                           const std::filesystem::path& directory) {
  Descriptor watch(executor);
  const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (fd < 0) return watch;
  watch.assign(fd);
  const std::uint32_t events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                               IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF;
  if (::inotify_add_watch(fd, directory.c_str(), events) < 0) watch.close();
  return watch;
}

Result<std::string> read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return fail(Code::not_found,
                "cannot open " + in_quotes(file.string()) + ": " + std::strerror(errno));
  }
  std::string text(k_endpoints_file_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) {
    return fail(Code::unavailable, "cannot read " + in_quotes(file.string()));
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

}  // namespace

FileDiscovery::FileDiscovery(std::filesystem::path file, Clock& clock,
                             std::chrono::milliseconds poll)
    : file_(std::move(file)), clock_(clock), poll_(poll) {}

asio::awaitable<void> FileDiscovery::run(Report report) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto executor = co_await asio::this_coro::executor;
  const auto directory = file_.has_parent_path() ? file_.parent_path() : std::filesystem::path(".");
  Descriptor watch(executor);
  for (;;) {
    // Watched before it is read: a change in between is an event.
    if (!watch.is_open()) watch = watch_directory(executor, directory);
    read(report);
    if (watch.is_open()) {
      co_await either(wait_for_event(watch), clock_.sleep_for(poll_));
    } else {
      co_await clock_.sleep_for(poll_);
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
    if (!std::filesystem::exists(directory)) watch = Descriptor(executor);
  }
}

void FileDiscovery::read(const Report& report) {
  auto text = read_file(file_);
  auto map = text ? parse_endpoints(*text) : Result<EndpointMap>(fail(text.error()));
  if (!map) {
    const Error told = text ? map.error().within(file_.string()) : map.error();
    if (std::exchange(complaint_, told.message()) != told.message()) {
      report(Result<EndpointMap>(fail(told)));
    }
    return;
  }
  const bool recovered = !std::exchange(complaint_, {}).empty();
  if (reported_ && !recovered && *map == last_) return;
  reported_ = true;
  last_ = *map;
  report(map);
}

}  // namespace weir::agent
