#include "netlab/client.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/base/text.h"

namespace weir::netlab {
namespace {

constexpr std::size_t k_answer_bytes_max = 64U << 20;
constexpr int k_wait_ms = 10'000;

Result<std::string> read_line(int socket) {
  std::string answer;
  std::array<char, 65536> chunk{};
  while (answer.empty() || answer.back() != '\n') {
    pollfd readable{socket, POLLIN, 0};
    if (::poll(&readable, 1, k_wait_ms) == 0) {
      return fail(Code::deadline_exceeded, "the lab did not answer within 10 s");
    }
    const ssize_t got = ::recv(socket, chunk.data(), chunk.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(Code::unavailable, "the lab closed the connection");
    answer.append(chunk.data(), static_cast<std::size_t>(got));
    if (answer.size() > k_answer_bytes_max) {
      return fail(Code::unavailable, "the lab's answer is above 64 MiB");
    }
  }
  answer.pop_back();
  return answer;
}

}  // namespace

Result<sockaddr_un> socket_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return fail(Code::invalid_argument,
                "socket path " + in_quotes(path) + " is empty or longer than 107 bytes");
  }
  path.copy(address.sun_path, path.size());
  return address;
}

Result<Fd> connect_to(const std::string& path) {
  WEIR_ASSIGN(address, socket_address(path));
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (!socket || ::connect(socket.get(), generic, sizeof(address)) != 0) {
    return fail(Code::unavailable, "no lab answers on " + in_quotes(path) + " (" +
                                       std::strerror(errno) + "); is weir-netlab up running");
  }
  return socket;
}

Result<std::string> ask(const std::string& path, const std::string& line) {
  WEIR_ASSIGN(socket, connect_to(path));
  const std::string sent = line + "\n";
  if (::send(socket.get(), sent.data(), sent.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(sent.size())) {
    return fail(Code::unavailable, "the lab closed the connection");
  }
  WEIR_ASSIGN(answer, read_line(socket.get()));
  if (answer == "ok") return std::string();
  if (answer.starts_with("ok ")) return answer.substr(3);
  if (answer.starts_with("error ")) return fail(Code::invalid_argument, answer.substr(6));
  return fail(Code::unavailable, "the lab answered " + in_quotes(answer));
}

}  // namespace weir::netlab
