#include "common/tunnel/uapi_server.h"

#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <iterator>
#include <optional>

#include "common/base/text.h"
#include "common/crypto/secret_text.h"
#include "common/os/os_error.h"

namespace weir {
namespace {

constexpr int k_backlog = 16;
constexpr int k_attempts = 25;
constexpr int k_attempt_pause_ms = 20;

/// Which file a path names; empty when none.
using FileIdentity = std::optional<std::pair<dev_t, ino_t>>;

FileIdentity identify(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
  return std::pair(status.st_dev, status.st_ino);
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return fail(Code::invalid_argument, "UAPI socket path " + in_quotes(path) +
                                            " is longer than a unix socket's path may be (107)");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Fd make_socket() { return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

bool is_served(const sockaddr_un& address) {
  const Fd probe = make_socket();
  // A full backlog (EAGAIN) has an owner as well.
  return ::connect(probe.get(), generic(address), sizeof(address)) == 0 || errno == EAGAIN;
}

/// Takes a dead socket's file away. False when somebody serves it.
bool clear_path(const std::string& path, const sockaddr_un& address) {
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    if (!identify(path)) return true;
    if (!is_served(address)) {
      ::unlink(path.c_str());
      return true;
    }
    ::poll(nullptr, 0, k_attempt_pause_ms);
  }
  return false;
}

Result<Fd> listen_on(const std::string& path, const sockaddr_un& address) {
  Fd fd = make_socket();
  if (!fd) return fail(os_error("open a unix socket", errno));
  // Nobody can connect before listen, so the mode is right from the first connection on.
  if (::bind(fd.get(), generic(address), sizeof(address)) < 0 ||
      ::chmod(path.c_str(), S_IRUSR | S_IWUSR) < 0 || ::listen(fd.get(), k_backlog) < 0) {
    return fail(os_error("serve the UAPI socket " + in_quotes(path), errno));
  }
  return fd;
}

}  // namespace

struct UapiServer::Listener {
  std::string path;
  Fd fd;
  Fd watch;  // inotify on the directory
  FileIdentity identity;
};

struct UapiServer::Client {
  Client() = default;
  ~Client() { wipe_text(answer); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Fd fd;
  UapiParser parser{[](const std::string& name) { return ::if_nametoindex(name.c_str()); }};
  std::deque<UapiRequest> requests;
  std::string answer;
  std::size_t sent = 0;

  bool answering() const { return sent < answer.size(); }
};

Result<std::unique_ptr<UapiServer>> UapiServer::create(const std::string& directory,
                                                       const std::string& interface,
                                                       Handler handler) {
  auto listener = std::make_unique<Listener>();
  listener->path = directory + "/" + interface + ".sock";
  WEIR_ASSIGN(address, address_of(listener->path));
  std::error_code problem;
  std::filesystem::create_directories(directory, problem);
  if (problem) return fail(os_error("make the directory " + in_quotes(directory), problem.value()));
  if (!clear_path(listener->path, address)) {
    return fail(Code::already_exists, "UAPI socket " + in_quotes(listener->path) +
                                          " is served by another program; stop that one");
  }
  WEIR_ASSIGN(fd, listen_on(listener->path, address));
  listener->fd = std::move(fd);
  listener->identity = identify(listener->path);
  listener->watch = Fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (::inotify_add_watch(listener->watch.get(), directory.c_str(),
                          IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF) < 0) {
    return fail(os_error("watch the directory " + in_quotes(directory), errno));
  }
  WEIR_ASSIGN(stop, make_eventfd());
  return std::unique_ptr<UapiServer>(
      new UapiServer(std::move(listener), std::move(stop), std::move(handler)));
}

UapiServer::UapiServer(std::unique_ptr<Listener> listener, Fd stop, Handler handler)
    : handler_(std::move(handler)),
      stop_(std::move(stop)),
      listener_(std::move(listener)),
      thread_([this] { run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "weir-uapi");
}

UapiServer::~UapiServer() {
  ::eventfd_write(stop_.get(), 1);
  thread_.join();
  if (identify(listener_->path) == listener_->identity) ::unlink(listener_->path.c_str());
}

void UapiServer::run() {
  std::vector<pollfd> fds;
  for (;;) {
    fds = {{stop_.get(), POLLIN, 0},
           {listener_->fd.get(), POLLIN, 0},
           {listener_->watch.get(), POLLIN, 0}};
    for (const Client& client : clients_) {
      const bool to_write = client.answering();
      fds.push_back({client.fd.get(), static_cast<short>(to_write ? POLLOUT : POLLIN), 0});
    }
    if (::poll(fds.data(), fds.size(), -1) < 0) continue;
    if (fds[0].revents != 0) return;
    std::size_t at = 3;
    const std::size_t known = fds.size();
    for (auto client = clients_.begin(); at < known; ++at) {
      const auto current = client++;
      if (fds[at].revents == 0) continue;
      if (!serve(*current, fds[at].revents)) {
        clients_.erase(current);
      } else {
        clients_.splice(clients_.end(), clients_, current);
      }
    }
    if (fds[2].revents != 0) check_file();
    if (fds[1].revents != 0) accept_clients();
  }
}

void UapiServer::accept_clients() {
  for (;;) {
    Fd fd(::accept4(listener_->fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) return;
    if (clients_.size() >= k_clients_max) clients_.pop_front();
    clients_.emplace_back().fd = std::move(fd);
  }
}

void UapiServer::check_file() {
  alignas(inotify_event) std::array<char, 4096> ignored;
  while (::read(listener_->watch.get(), ignored.data(), ignored.size()) > 0) {
  }
  if (removed_ || identify(listener_->path) == listener_->identity) return;
  removed_ = true;
  if (handler_.on_removed) handler_.on_removed("its socket " + listener_->path + " was removed");
}

/// False when the client is done with, or we with it.
bool UapiServer::serve(Client& client, short events) {
  if (client.answering()) return answer_requests(client);
  if ((events & (POLLIN | POLLHUP | POLLERR)) == 0) return true;
  std::array<char, 65536> bytes;
  const ssize_t size = ::read(client.fd.get(), bytes.data(), bytes.size());
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  if (size == 0) return false;
  const auto count = static_cast<std::size_t>(size);
  auto requests = client.parser.feed({bytes.data(), count});
  wipe({reinterpret_cast<std::uint8_t*>(bytes.data()), count});
  std::ranges::move(requests, std::back_inserter(client.requests));
  return answer_requests(client);
}

bool UapiServer::answer_requests(Client& client) {
  for (;;) {
    while (client.answering()) {
      const ssize_t size = ::send(client.fd.get(), client.answer.data() + client.sent,
                                  client.answer.size() - client.sent, MSG_NOSIGNAL);
      if (size < 0) return errno == EAGAIN || errno == EINTR;
      client.sent += static_cast<std::size_t>(size);
    }
    client.sent = 0;
    wipe_text(client.answer);
    if (client.requests.empty()) return !client.parser.broken();
    client.answer = answer_to(client.requests.front());
    client.requests.pop_front();
  }
}

std::string UapiServer::answer_to(const UapiRequest& request) const {
  if (const auto* set = std::get_if<UapiSet>(&request)) {
    return print_uapi_result(handler_.set(*set));
  }
  if (const auto* refusal = std::get_if<UapiRefusal>(&request)) {
    return print_uapi_result(fail(refusal->error));
  }
  auto text = handler_.get();
  return text ? *std::move(text) : print_uapi_result(fail(text.error()));
}

}  // namespace weir
