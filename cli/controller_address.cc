#include "cli/controller_address.h"

#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>
#include <utility>

#include "common/base/text.h"

namespace weir::cli {
namespace {

constexpr std::size_t k_answer_bytes_max = 64U << 20U;
// Well below the ten seconds a call is given: a controller that cannot be reached is then told from
// one that does not answer.
constexpr std::chrono::milliseconds k_connect_timeout{4'000};

Result<std::string> read_pem(const char* option, const std::string& path) {
  if (path.empty()) {
    return fail(Code::invalid_argument,
                std::string("--server needs --ca, --cert and --key; ") + option + " is not given");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || text.str().empty()) {
    const Code code = errno == EACCES ? Code::permission_denied : Code::not_found;
    return fail(code, std::string(option) + " " + in_quotes(path) + " cannot be read or is empty");
  }
  return std::move(text).str();
}

}  // namespace

Status check_host_and_port(const std::string& server) {
  const std::size_t colon = server.rfind(':');
  const std::string port = colon == std::string::npos ? "" : server.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 &&
                      port.find_first_not_of("0123456789") == std::string::npos;
  if (colon == 0 || !digits || std::stoi(port) < 1 || std::stoi(port) > 65535) {
    return fail(Code::invalid_argument,
                "--server " + in_quotes(server) + " is not HOST:PORT with a port from 1 to 65535");
  }
  return {};
}

Result<RpcChannelOptions> channel_to(const ControllerAddress& address) {
  RpcChannelOptions options;
  options.message_bytes_max = k_answer_bytes_max;
  options.connect_timeout = k_connect_timeout;
  if (address.server.empty()) {
    options.target = "unix:" + address.socket;
    return options;
  }
  WEIR_TRY(check_host_and_port(address.server));
  TlsIdentity tls;
  WEIR_ASSIGN(ca, read_pem("--ca", address.ca));
  WEIR_ASSIGN(certificate, read_pem("--cert", address.certificate));
  WEIR_ASSIGN(key, read_pem("--key", address.key));
  options.tls = TlsIdentity{.certificate_pem = certificate, .key_pem = key, .ca_pem = ca};
  options.target = "dns:" + address.server;
  return options;
}

}  // namespace weir::cli
