#include "controller/trace/collector.h"

#include <algorithm>
#include <cctype>

#include "common/base/text.h"
#include "common/net/ip.h"

namespace weir::controller {
namespace {

constexpr std::uint16_t k_port = 4318;  // of OTLP over HTTP
constexpr std::string_view k_signal = "/v1/traces";
constexpr std::size_t k_url_max = 1000;
constexpr std::size_t k_headers_max = 16;
constexpr std::size_t k_header_max = 4000;
// What the request is made of already.
constexpr std::string_view k_own_headers[] = {
    "connection", "content-encoding",  "content-length", "content-type", "expect", "host",
    "te",         "transfer-encoding", "upgrade"};

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_token(std::string_view name) {
  constexpr std::string_view k_marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           k_marks.find(c) != std::string_view::npos;
  });
}

bool host_letters(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == ':';
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

}  // namespace

std::string Collector::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool Collector::on_this_machine() const {
  const auto address = IpAddress::parse(host);
  return host == "localhost" || (address && address->is_loopback());
}

Result<Collector> parse_collector(std::string_view url) {
  const auto flaw = [&url](const std::string& rule) {
    return fail(Code::invalid_argument, in_quotes(url) + " " + rule);
  };
  constexpr std::string_view k_plain = "http://";
  constexpr std::string_view k_tls = "https://";
  Collector made;
  made.tls = url.starts_with(k_tls);
  if (!made.tls && !url.starts_with(k_plain)) {
    return flaw("must begin with http:// or https://, as in http://collector:4318");
  }
  if (url.size() > k_url_max) return flaw("is longer than 1000 bytes");
  std::string_view rest = url.substr(made.tls ? k_tls.size() : k_plain.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view path = rest.substr(slash);
  std::string_view host = rest.substr(0, slash);
  if (path.find_first_of("?# ") != std::string_view::npos || !printable(path)) {
    return flaw("must have neither blanks, ? nor # in its path");
  }
  if (host.find('@') != std::string_view::npos) {
    return flaw("must not hold a name or password; headers go into tracing.headers");
  }
  made.port = k_port;
  const std::size_t bracket = host.starts_with('[') ? host.find(']') : 0;
  const std::size_t colon = host.find(':', bracket);
  if (bracket != std::string_view::npos && colon != std::string_view::npos) {
    const auto port = parse_number(host.substr(colon + 1), UINT16_MAX);
    if (!port || *port == 0) return flaw("must have a port from 1 to 65535");
    made.port = static_cast<std::uint16_t>(*port);
    host = host.substr(0, colon);
  }
  const bool v6 = host.starts_with('[');
  if (v6 && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!host_letters(host)) return flaw("must name a host");
  made.host = lower(host);
  while (path.ends_with('/')) path.remove_suffix(1);
  made.path = std::string(path) + std::string(k_signal);
  return made;
}

Result<HttpHeaders> parse_headers(std::string_view text) {
  HttpHeaders headers;
  std::size_t number = 0;
  for (const std::string_view whole : split(text, '\n')) {
    ++number;
    const std::string_view line = trim(whole);
    if (line.empty() || line.starts_with('#')) continue;
    const auto flaw = [number](const std::string& rule) {
      return fail(Code::invalid_argument, "line " + std::to_string(number) + " " + rule);
    };
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || !is_token(name)) {
      return flaw("must be NAME: VALUE, as in Authorization: Bearer TOKEN");
    }
    const std::string_view value = trim(line.substr(colon + 1));
    if (!printable(value)) return flaw("has a value of more than printable ASCII");
    if (line.size() > k_header_max) return flaw("is longer than 4000 bytes");
    if (std::ranges::find(k_own_headers, lower(name)) != std::end(k_own_headers)) {
      return flaw("sets " + in_quotes(name) + ", which belongs to the request itself");
    }
    if (headers.size() == k_headers_max) return flaw("is one too many: at most 16 headers");
    headers.emplace_back(name, value);
  }
  return headers;
}

}  // namespace weir::controller
