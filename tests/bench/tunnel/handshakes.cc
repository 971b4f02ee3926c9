#include "tests/bench/tunnel/handshakes.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <vector>

#include "common/crypto/random.h"
#include "common/os/fd.h"
#include "common/os/os_error.h"
#include "common/tunnel/cookie.h"
#include "common/tunnel/messages.h"
#include "common/tunnel/noise.h"
#include "common/tunnel/tai64n.h"

namespace weir::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Initiation = std::array<std::uint8_t, wire::k_initiation_size>;

Result<Initiation> make_initiation(const X25519KeyPair& own, const PublicKey& theirs,
                                   std::uint32_t index, KeySource& keys) {
  const auto shared = own.agree(theirs);
  if (!shared) return fail(Code::invalid_argument, "the responder's key is a low-order point");
  Initiation message{};
  store_le32(message.data(), wire::k_initiation);
  store_le32(message.data() + 4, index);
  NoiseState state = NoiseState::wireguard();
  const WallTime now{std::chrono::duration_cast<WallTime::duration>(
      std::chrono::system_clock::now().time_since_epoch())};
  if (!noise_write_first(state, X25519KeyPair::generate(keys), own.public_key(), theirs, *shared,
                         TimestampMaker().next(now), message.data() + wire::k_initiation_noise)) {
    return fail(Code::invalid_argument, "the responder's key is a low-order point");
  }
  CookieJar(theirs).add_macs(message, Time());
  return message;
}

}  // namespace

Status make_initiators(std::size_t count, const std::string& path) {
  SystemKeySource keys;
  std::ofstream file(path, std::ios::binary);
  for (std::size_t i = 0; i < count; ++i) {
    PrivateKey key;
    keys.fill(key.writable());
    file.write(reinterpret_cast<const char*>(key.bytes().data()), PrivateKey::k_size);
    fmt::print("{}\n", to_base64(X25519KeyPair(key).public_key()));
  }
  if (!file.flush()) return fail(Code::unavailable, "cannot write " + path);
  return {};
}

Result<HandshakeReport> run_handshakes(const HandshakeLoad& load) {
  SystemKeySource keys;
  std::ifstream file(load.keys, std::ios::binary);
  std::vector<Initiation> messages;
  PrivateKey key;
  while (file.read(reinterpret_cast<char*>(key.writable().data()), PrivateKey::k_size)) {
    WEIR_ASSIGN(made, make_initiation(X25519KeyPair(key), load.responder,
                                      static_cast<std::uint32_t>(messages.size()), keys));
    messages.push_back(made);
  }
  if (messages.empty()) return fail(Code::not_found, load.keys + " holds no keys");

  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail(os_error("open a UDP socket", errno));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(load.at.port);
  std::memcpy(&to.sin_addr, load.at.address.bytes().data(), 4);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) < 0) {
    return fail(os_error("connect", errno));
  }
  HandshakeReport report;
  const auto start = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  double last_heard = 0;
  while (report.responses + report.cookies < messages.size()) {
    const std::size_t open = report.sent - report.responses - report.cookies;
    const double due = elapsed() * load.per_second;
    if (report.sent < messages.size() && open < load.window &&
        static_cast<double>(report.sent) < due) {
      if (::send(fd.get(), messages[report.sent].data(), messages[report.sent].size(), 0) > 0)
        ++report.sent;
      continue;
    }
    pollfd waiting{fd.get(), POLLIN, 0};
    ::poll(&waiting, 1, 1);
    std::array<std::uint8_t, 256> answer{};
    ssize_t size = 0;
    while ((size = ::recv(fd.get(), answer.data(), answer.size(), 0)) > 0) {
      last_heard = elapsed();
      if (size == static_cast<ssize_t>(wire::k_response_size)) ++report.responses;
      if (size == static_cast<ssize_t>(wire::k_cookie_size)) ++report.cookies;
    }
    if (elapsed() - last_heard > 3) break;  // lost ones do not come any more
  }
  report.seconds = elapsed();
  return report;
}

}  // namespace weir::bench
