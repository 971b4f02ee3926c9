#include "controller/web/web_message.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <optional>

#include "common/base/text.h"

namespace weir::controller {

namespace {

constexpr std::size_t k_query_names_max = 20;

std::optional<int> hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return std::nullopt;
}

Result<std::string> decoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (plus_is_blank && text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%') {
      const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
      if (!high || !low) {
        return fail(Code::invalid_argument, in_quotes(text) + " holds a % without two hex digits");
      }
      out += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  if (out.find('\0') != std::string::npos || cut_text(out, out.size()) != out) {
    return fail(Code::invalid_argument, in_quotes(text) + " is no text in UTF-8");
  }
  return out;
}

unsigned http_status(Code code) {
  switch (code) {
    case Code::invalid_argument:
    case Code::out_of_range:
      return 400;
    case Code::unauthenticated:
      return 401;
    case Code::permission_denied:
      return 403;
    case Code::not_found:
      return 404;
    case Code::unimplemented:
      return 405;
    case Code::already_exists:
    case Code::aborted:
    case Code::failed_precondition:
      return 409;
    case Code::resource_exhausted:
      return 429;
    case Code::unavailable:
      return 503;
    case Code::deadline_exceeded:
      return 504;
    default:
      return 500;
  }
}

}  // namespace

Status read_target(std::string_view target, WebRequest& request) {
  if (!target.starts_with('/')) {
    return fail(Code::invalid_argument, "the target " + in_quotes(target) + " is no path");
  }
  const std::size_t mark = target.find('?');
  WEIR_ASSIGN(path, decoded(target.substr(0, mark), false));
  request.path = std::move(path);
  request.query.clear();
  if (mark == std::string_view::npos || mark + 1 == target.size()) return {};
  for (const std::string_view pair : split(target.substr(mark + 1), '&')) {
    const std::size_t equals = pair.find('=');
    WEIR_ASSIGN(name, decoded(pair.substr(0, equals), true));
    std::string value;
    if (equals != std::string_view::npos) {
      WEIR_ASSIGN(given, decoded(pair.substr(equals + 1), true));
      value = std::move(given);
    }
    if (!request.query.emplace(name, std::move(value)).second) {
      return fail(Code::invalid_argument, "the parameter " + in_quotes(name) + " stands twice");
    }
    if (request.query.size() > k_query_names_max) {
      return fail(Code::invalid_argument, "a request may have at most 20 parameters");
    }
  }
  return {};
}

std::string cookie_value(std::string_view header, std::string_view name) {
  for (const std::string_view part : split(header, ';')) {
    const std::string_view pair = trim(part);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return std::string(pair.substr(equals + 1));
    }
  }
  return "";
}

WebReply error_reply(const Error& error) {
  boost::json::object why;
  why["code"] = code_name(error.code());
  why["message"] = cut_text(error.message(), 4000);
  boost::json::object all;
  all["error"] = std::move(why);
  WebReply reply;
  reply.status = http_status(error.code());
  reply.body = boost::json::serialize(all);
  return reply;
}

}  // namespace weir::controller
