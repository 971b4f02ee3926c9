#include "agent/enforce/gateway/http1_rewrite.h"

#include <algorithm>
#include <array>

namespace weir::agent {
namespace {

constexpr std::string_view k_forwarded_for = "x-forwarded-for";

/// Of this connection alone, always.
constexpr std::array<std::string_view, 5> k_hop_by_hop = {"connection", "keep-alive",
                                                          "proxy-connection", "te", "upgrade"};

/// Must reach the next hop even when Connection names them.
constexpr std::array<std::string_view, 4> k_protected = {"host", "content-length",
                                                         "transfer-encoding", k_forwarded_for};

template <std::size_t N>
bool stands_in(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::any_of(names,
                             [name](auto known) { return equal_ignoring_case(known, name); });
}

bool named_by_connection(const MessageHead& head, std::string_view name) {
  for (const HeaderField& field : head.fields()) {
    if (!equal_ignoring_case(field.name, "connection")) continue;
    if (list_holds(field.value, name)) return !stands_in(k_protected, name);
  }
  return false;
}

void add_field(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ").append(value).append("\r\n");
}

/// Passes on what is not of this hop and not `dropped`.
template <typename Dropped>
void add_fields(const MessageHead& head, Dropped dropped, std::string& out) {
  const bool names_others = head.find("connection").has_value();
  for (const HeaderField& field : head.fields()) {
    if (stands_in(k_hop_by_hop, field.name) || dropped(field.name)) continue;
    if (names_others && named_by_connection(head, field.name)) continue;
    add_field(field.name, field.value, out);
  }
}

/// What the client was told before stays in its lines, and the last one grows: lines put together
/// could pass any limit.
void add_forwarded_for(const RequestHead& head, std::string_view client, std::string& out) {
  const HeaderField* last = nullptr;
  for (const HeaderField& field : head.fields()) {
    if (!equal_ignoring_case(field.name, k_forwarded_for) || field.value.empty()) continue;
    if (last != nullptr) add_field("X-Forwarded-For", last->value, out);
    last = &field;
  }
  out.append("X-Forwarded-For: ");
  if (last != nullptr) out.append(last->value).append(", ");
  out.append(client).append("\r\n");
}

std::string_view text_of(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

}  // namespace

void write_request(const RequestHead& head, const RequestRewrite& rewrite, std::string& out) {
  out.append(head.method).append(" ").append(head.target);
  out.append(head.minor == 1 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
  const auto dropped = [&rewrite](std::string_view name) {
    return equal_ignoring_case(name, k_refused_header) ||
           (rewrite.drop_expect && equal_ignoring_case(name, "expect")) ||
           (!rewrite.client.empty() && equal_ignoring_case(name, k_forwarded_for));
  };
  add_fields(head, dropped, out);
  if (!rewrite.client.empty()) add_forwarded_for(head, rewrite.client, out);
  if (rewrite.upgrade) {
    add_field("Upgrade", head.upgrade, out);
    add_field("Connection", "upgrade", out);
  }
  out.append("\r\n");
}

void write_response(const ResponseHead& head, const ResponseRewrite& rewrite, std::string& out) {
  out.append("HTTP/1.1 ");
  const int status = head.status;
  out.push_back(static_cast<char>('0' + status / 100));
  out.push_back(static_cast<char>('0' + status / 10 % 10));
  out.push_back(static_cast<char>('0' + status % 10));
  out.append(" ").append(head.reason).append("\r\n");
  const auto dropped = [&rewrite](std::string_view name) {
    return equal_ignoring_case(name, k_refused_header) ||
           equal_ignoring_case(name, k_tried_header) ||
           (!rewrite.from_weir && equal_ignoring_case(name, k_error_header));
  };
  add_fields(head, dropped, out);
  if (!rewrite.tried.empty()) add_field(k_tried_header, rewrite.tried, out);
  if (rewrite.upgrade) {
    add_field("Upgrade", head.upgrade, out);
    add_field("Connection", "upgrade", out);
  } else if (rewrite.close) {
    add_field("Connection", "close", out);
  }
  out.append("\r\n");
}

void write_error(int status, std::string_view reason, bool close, bool refused, std::string& out) {
  const std::string_view text = text_of(status);
  const std::string length = std::to_string(text.size() + reason.size() + 4);
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(text).append("\r\n");
  add_field("Content-Type", "text/plain", out);
  add_field("Content-Length", length, out);
  add_field(k_error_header, reason, out);
  if (refused) add_field(k_refused_header, reason, out);
  if (close) add_field("Connection", "close", out);
  out.append("\r\n").append(text).append(" (").append(reason).append(")\n");
}

Refusal find_refusal(int status, std::string_view reason) {
  const bool of_the_request = status < 500 || status == 501 || status == 505;
  if (of_the_request) return {"request-refused", Progress::refused};
  static constexpr std::array<Refusal, 12> k_known = {{
      {"no-endpoint", Progress::untouched},
      {"unknown-service", Progress::untouched},
      {"connect-refused", Progress::untouched},
      {"connect-timeout", Progress::untouched},
      {"connect-failed", Progress::untouched},
      {"stopping", Progress::perhaps_done},
      {"connection-lost", Progress::perhaps_done},
      {"destination-down", Progress::perhaps_done},
      {"timeout", Progress::answered},
      {"bad-answer", Progress::answered},
      {"answer-cut", Progress::answered},
      {"switch-unasked", Progress::answered},
  }};
  const auto found = std::ranges::find(k_known, reason, &Refusal::reason);
  return found == k_known.end() ? Refusal{"destination-refused", Progress::perhaps_done} : *found;
}

bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
         method == "DELETE";
}

}  // namespace weir::agent
