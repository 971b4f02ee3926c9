#include "netlab/control_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/base/text.h"
#include "netlab/client.h"
#include "netlab/command.h"

namespace weir::netlab {

ControlServer::ControlServer(std::string path, Fd socket, Answer answer)
    : path_(std::move(path)), socket_(std::move(socket)), answer_(std::move(answer)) {}

Result<ControlServer> ControlServer::listen(const std::string& path, Answer answer) {
  auto address = socket_address(path);
  if (!address) return fail(std::move(address).error());
  if (connect_to(path)) {
    return fail(Code::already_exists,
                "a lab answers on " + in_quotes(path) + " already; give this one another --socket");
  }
  ::unlink(path.c_str());
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const mode_t mask = ::umask(0177);
  const int bound =
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address));
  const int why = errno;
  ::umask(mask);
  if (bound != 0 || ::listen(socket.get(), static_cast<int>(k_clients_max)) != 0) {
    return fail(Code::unavailable, "listen on " + in_quotes(path) + ": " + std::strerror(why));
  }
  return ControlServer(path, std::move(socket), std::move(answer));
}

ControlServer::~ControlServer() {
  if (socket_) ::unlink(path_.c_str());
}

void ControlServer::add_poll(std::vector<pollfd>& polled) const {
  polled.push_back({socket_.get(), POLLIN, 0});
  for (const Client& client : clients_) {
    // One answer at a time: further lines wait in the client's socket.
    const short events = client.out.empty() ? POLLIN : POLLOUT;
    polled.push_back({client.socket.get(), events, 0});
  }
}

void ControlServer::serve(Time now) {
  take_clients(now);
  for (Client& client : clients_) {
    if (client.out.empty()) read_lines(client, now);
    write_out(client, now);
    if (client.deadline <= now) client.ended = true;
  }
  std::erase_if(clients_, [](const Client& client) { return client.ended; });
}

void ControlServer::take_clients(Time now) {
  while (true) {
    Fd accepted(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!accepted) return;
    if (clients_.size() >= k_clients_max) continue;  // closes it
    clients_.push_back({std::move(accepted), {}, {}, now + k_patience, false});
  }
}

void ControlServer::read_lines(Client& client, Time now) {
  std::array<char, 4096> chunk{};
  const ssize_t got = ::recv(client.socket.get(), chunk.data(), chunk.size(), 0);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) client.ended = true;
  if (got > 0) client.in.append(chunk.data(), static_cast<std::size_t>(got));
  std::size_t end = client.in.find('\n');
  while (end != std::string::npos) {
    client.out += answer_(std::string_view(client.in).substr(0, end)) + "\n";
    client.in.erase(0, end + 1);
    client.deadline = now + k_patience;
    end = client.in.find('\n');
  }
  if (client.in.size() > k_command_bytes_max) client.ended = true;
}

void ControlServer::write_out(Client& client, Time now) {
  while (!client.out.empty()) {
    const ssize_t sent =
        ::send(client.socket.get(), client.out.data(), client.out.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return;
    if (sent <= 0) {
      client.ended = true;
      return;
    }
    client.out.erase(0, static_cast<std::size_t>(sent));
    client.deadline = now + k_patience;
  }
}

void ControlServer::flush() {
  for (Client& client : clients_) {
    for (int i = 0; i < 100 && !client.out.empty() && !client.ended; ++i) {
      write_out(client, client.deadline);
      pollfd writable{client.socket.get(), POLLOUT, 0};
      if (!client.out.empty()) ::poll(&writable, 1, 10);
    }
  }
}

}  // namespace weir::netlab
