#include "agent/enforce/gateway/http1_head.h"

#include <algorithm>
#include <cstring>

namespace weir::agent {
namespace {

using Problem = std::optional<HeadProblem>;

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}
constexpr std::array<bool, 256> k_token = make_token_table();

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_field_value(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
  });
}

bool is_visible(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

/// Cuts the next line off `rest`; the scanner has made sure that each ends with CR LF.
std::string_view next_line(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
  return line;
}

/// "HTTP/1.0" or "HTTP/1.1", nothing else.
Problem parse_version(std::string_view text, int& minor) {
  if (text.size() == 8 && text.starts_with("HTTP/1.") && (text[7] == '0' || text[7] == '1')) {
    minor = text[7] - '0';
    return std::nullopt;
  }
  const bool other = text.size() == 8 && text.starts_with("HTTP/");
  return HeadProblem{other ? 505 : 400, "version"};
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

Problem parse_fields(std::string_view rest, MessageHead& out) {
  out.field_count = 0;
  while (true) {
    const std::string_view line = next_line(rest);
    if (line.empty()) return std::nullopt;
    if (out.field_count == out.storage.size()) return HeadProblem{431, "too-many-fields"};
    const std::size_t colon = line.find(':');
    // A blank before the colon, or a folded line, fails the token rule.
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
      return HeadProblem{400, "field-name"};
    }
    const std::string_view value = without_blanks(line.substr(colon + 1));
    if (!is_field_value(value)) return HeadProblem{400, "field-value"};
    out.storage[out.field_count++] = {line.substr(0, colon), value};
  }
}

/// What the fields say about the body and the connection, before request and answer differ.
struct Declared {
  std::optional<std::uint64_t> length;
  bool chunked = false;
};

Problem read_length(const HeaderField& field, Declared& declared) {
  if (declared.length) return HeadProblem{400, "two-lengths"};
  declared.length = parse_length(field.value);
  if (!declared.length) return HeadProblem{400, "content-length"};
  return std::nullopt;
}

Problem read_coding(const HeaderField& field, const MessageHead& head, Declared& declared) {
  if (declared.chunked) return HeadProblem{400, "two-codings"};
  if (!equal_ignoring_case(field.value, "chunked")) return HeadProblem{501, "transfer-encoding"};
  if (head.minor == 0) return HeadProblem{400, "coding-in-1.0"};
  declared.chunked = true;
  return std::nullopt;
}

Problem read_declared(MessageHead& head, Declared& declared) {
  std::string_view upgrade;
  bool close = false;
  bool keep = false;
  bool upgrading = false;
  for (const HeaderField& field : head.fields()) {
    Problem problem;
    if (equal_ignoring_case(field.name, "content-length")) {
      problem = read_length(field, declared);
    } else if (equal_ignoring_case(field.name, "transfer-encoding")) {
      problem = read_coding(field, head, declared);
    } else if (equal_ignoring_case(field.name, "connection")) {
      close = close || list_holds(field.value, "close");
      keep = keep || list_holds(field.value, "keep-alive");
      upgrading = upgrading || list_holds(field.value, "upgrade");
    } else if (equal_ignoring_case(field.name, "upgrade")) {
      upgrade = field.value;
    }
    if (problem) return problem;
  }
  if (declared.length && declared.chunked) return HeadProblem{400, "length-and-coding"};
  head.keep_alive = !close && (head.minor == 1 || keep);
  head.upgrade = upgrading && head.minor == 1 ? upgrade : std::string_view();
  return std::nullopt;
}

/// The authority of "http://authority/path"; empty for the origin form.
std::string_view authority_of(std::string_view target) {
  const std::size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return {};
  const std::string_view rest = target.substr(scheme + 3);
  return rest.substr(0, rest.find_first_of("/?#"));
}

Problem check_host(const RequestHead& head) {
  std::size_t hosts = 0;
  std::string_view host;
  for (const HeaderField& field : head.fields()) {
    if (!equal_ignoring_case(field.name, "host")) continue;
    ++hosts;
    host = field.value;
  }
  if (hosts > 1 || (hosts == 0 && head.minor == 1)) return HeadProblem{400, "host"};
  if (host.find_first_of(" \t,/@?#\\") != std::string_view::npos) return HeadProblem{400, "host"};
  if (head.target.starts_with('/') || head.target == "*") return std::nullopt;
  const std::string_view authority = authority_of(head.target);
  const bool http = equal_ignoring_case(head.target.substr(0, 7), "http://") ||
                    equal_ignoring_case(head.target.substr(0, 8), "https://");
  if (!http || authority.empty() || !equal_ignoring_case(authority, host)) {
    return HeadProblem{400, "target"};
  }
  return std::nullopt;
}

Problem parse_request_line(std::string_view line, RequestHead& out) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return HeadProblem{400, "request-line"};
  out.method = line.substr(0, first);
  out.target = line.substr(first + 1, last - first - 1);
  if (out.method.size() > 32 || !is_token(out.method)) return HeadProblem{400, "method"};
  if (!is_visible(out.target) || out.target.find('#') != std::string_view::npos) {
    return HeadProblem{400, "target"};
  }
  return parse_version(line.substr(last + 1), out.minor);
}

Problem parse_status_line(std::string_view line, ResponseHead& out) {
  if (const Problem bad = parse_version(line.substr(0, 8), out.minor)) return bad;
  const auto digit = [line](std::size_t i) { return line[i] >= '0' && line[i] <= '9'; };
  if (line.size() < 12 || line[8] != ' ' || !digit(9) || !digit(10) || !digit(11) ||
      (line.size() > 12 && line[12] != ' ')) {
    return HeadProblem{502, "status-line"};
  }
  out.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  out.reason = line.size() > 13 ? line.substr(13) : std::string_view();
  if (out.status < 100 || out.status > 599 || !is_field_value(out.reason)) {
    return HeadProblem{502, "status-line"};
  }
  return std::nullopt;
}

}  // namespace

bool equal_ignoring_case(std::string_view one, std::string_view other) {
  return one.size() == other.size() &&
         std::equal(one.begin(), one.end(), other.begin(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

bool list_holds(std::string_view list, std::string_view word) {
  while (true) {
    const std::size_t comma = list.find(',');
    if (equal_ignoring_case(without_blanks(list.substr(0, comma)), word)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return k_token[static_cast<unsigned char>(c)]; });
}

std::optional<std::string_view> MessageHead::find(std::string_view lower_name) const {
  for (const HeaderField& field : fields()) {
    if (equal_ignoring_case(field.name, lower_name)) return field.value;
  }
  return std::nullopt;
}

HeadProgress HeadScanner::scan(std::string_view bytes) {
  const auto refuse = [this](int status, const char* reason) {
    problem_ = {status, reason};
    return HeadProgress::bad;
  };
  while (seen_ < bytes.size()) {
    const void* found = std::memchr(bytes.data() + seen_, '\n', bytes.size() - seen_);
    if (found == nullptr) break;
    const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (end == line_begin_ || bytes[end - 1] != '\r') return refuse(400, "bare-line-feed");
    const std::size_t length = end - 1 - line_begin_;
    if (length > limits_.line) return refuse(lines_ == 0 ? 414 : 431, "line-too-long");
    if (end + 1 > limits_.head) return refuse(431, "head-too-large");
    seen_ = line_begin_ = end + 1;
    if (length == 0) {
      if (lines_ == 0) return refuse(400, "empty-line");
      size_ = seen_;
      return HeadProgress::complete;
    }
    if (++lines_ > limits_.fields + 1) return refuse(431, "too-many-fields");
  }
  seen_ = bytes.size();
  if (seen_ - line_begin_ > limits_.line + 1) {
    return refuse(lines_ == 0 ? 414 : 431, "line-too-long");
  }
  if (seen_ >= limits_.head) return refuse(431, "head-too-large");
  return HeadProgress::incomplete;
}

std::optional<HeadProblem> parse_request(std::string_view head, RequestHead& out) {
  out.size = head.size();
  std::string_view rest = head;
  if (const Problem bad = parse_request_line(next_line(rest), out)) return bad;
  if (const Problem bad = parse_fields(rest, out)) return bad;
  Declared declared;
  if (const Problem bad = read_declared(out, declared)) return bad;
  if (const Problem bad = check_host(out)) return bad;
  out.framing = {};
  if (declared.chunked) out.framing.kind = BodyFraming::Kind::chunked;
  if (declared.length.value_or(0) > 0) {
    out.framing = {BodyFraming::Kind::length, *declared.length};
  }
  const auto expect = out.find("expect");
  out.expect_continue = expect && out.minor == 1 && equal_ignoring_case(*expect, "100-continue");
  if (expect && !out.expect_continue) return HeadProblem{417, "expectation"};
  return std::nullopt;
}

std::optional<HeadProblem> parse_response(std::string_view head, std::string_view request_method,
                                          ResponseHead& out) {
  const auto gateway_fault = [](HeadProblem problem) {
    problem.status = 502;
    return problem;
  };
  out.size = head.size();
  std::string_view rest = head;
  if (const Problem bad = parse_status_line(next_line(rest), out)) return gateway_fault(*bad);
  if (const Problem bad = parse_fields(rest, out)) return gateway_fault(*bad);
  Declared declared;
  if (const Problem bad = read_declared(out, declared)) return gateway_fault(*bad);
  out.framing = {};
  const bool interim = out.status < 200;
  if ((interim || out.status == 204) && (declared.chunked || declared.length.value_or(0) > 0)) {
    return HeadProblem{502, "body-without-right"};
  }
  if (interim || out.status == 204 || out.status == 304 || request_method == "HEAD") {
    return std::nullopt;
  }
  if (declared.chunked) {
    out.framing.kind = BodyFraming::Kind::chunked;
  } else if (!declared.length) {
    out.framing.kind = BodyFraming::Kind::until_close;
    out.keep_alive = false;
  } else if (*declared.length > 0) {
    out.framing = {BodyFraming::Kind::length, *declared.length};
  }
  return std::nullopt;
}

}  // namespace weir::agent
