#include "agent/health/http_answer.h"

#include <algorithm>
#include <charconv>

#include "common/base/text.h"

namespace weir::agent {

namespace {

constexpr std::size_t k_answer_max = 64 * 1024;
constexpr std::size_t k_head_max = 16 * 1024;

std::unexpected<Error> not_http(const std::string& why) {
  return fail(Code::failed_precondition, "the answer is not HTTP/1: " + why);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& letter : out) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return out;
}

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char letter) {
    const bool digit = letter >= '0' && letter <= '9';
    const bool alpha = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
    return digit || alpha || marks.contains(letter);
  });
}

}  // namespace

std::string http_check_request(const HealthCheckSpec& spec, const Endpoint& endpoint) {
  const std::string host = spec.http_host.empty() ? endpoint.to_string() : spec.http_host;
  return "GET " + spec.http_path + " HTTP/1.1\r\nHost: " + host +
         "\r\nUser-Agent: weir-health\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

Result<bool> HttpAnswer::feed(ByteView bytes) {
  // Byte for byte the same for every cut: what is above the limit is never looked at.
  const std::size_t room = k_answer_max - text_.size();
  const bool too_long = bytes.size() > room;
  text_.append(as_text(bytes.first(std::min(bytes.size(), room))));
  while (reading_ != Reading::nothing) {
    auto moved = step();
    if (!moved) return moved;
    if (!*moved) break;
  }
  if (reading_ == Reading::nothing) return true;
  if (too_long) return fail(Code::failed_precondition, "the answer is longer than 64 KiB");
  return false;
}

Result<bool> HttpAnswer::step() {
  switch (reading_) {
    case Reading::head:
      return read_head();
    case Reading::counted_body:
      return read_counted_body();
    case Reading::chunks:
      return read_chunk();
    case Reading::trailers:
      return read_trailer();
    case Reading::body_until_end:
    case Reading::nothing:
      break;
  }
  return false;
}

std::optional<std::string_view> HttpAnswer::take_line() {
  const std::size_t end = text_.find('\n', at_);
  if (end == std::string::npos) return std::nullopt;
  std::string_view line(text_.data() + at_, end - at_);
  at_ = end + 1;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Result<bool> HttpAnswer::read_head() {
  const std::size_t before = at_;
  const auto line = take_line();
  if ((line ? at_ : text_.size()) > k_head_max) return not_http("headers above 16 KiB");
  if (!line) {
    // Something else than HTTP shows in the first bytes; no need to wait for a line of it.
    const std::string_view start = std::string_view(text_).substr(before, 5);
    if (!status_seen_ && !std::string_view("HTTP/").starts_with(start))
      return not_http("no status");
    return false;
  }
  if (!status_seen_) {
    WEIR_TRY(read_status_line(*line));
  } else if (!line->empty()) {
    WEIR_TRY(read_header(*line));
  } else if (status_ < 200) {
    status_seen_ = false;  // an interim answer; the real one follows
    headers_.clear();
  } else {
    WEIR_TRY(choose_body());
  }
  return true;
}

Status HttpAnswer::read_status_line(std::string_view line) {
  const bool shaped = line.size() >= 12 && line.starts_with("HTTP/1.") && line[8] == ' ' &&
                      (line.size() == 12 || line[12] == ' ');
  const auto status = shaped ? parse_number(line.substr(9, 3), 999) : fail(Code::unknown, "shape");
  if (!status || *status < 100) return not_http("it starts with " + in_quotes(line));
  status_ = static_cast<int>(*status);
  status_seen_ = true;
  return {};
}

Status HttpAnswer::read_header(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return not_http("bad header " + in_quotes(line));
  }
  headers_.emplace_back(lower(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
  return {};
}

/// How long the body is (RFC 9112 section 6.3); two opinions about it are refused.
Status HttpAnswer::choose_body() {
  const std::string* coding = nullptr;
  const std::string* length = nullptr;
  for (const auto& [name, value] : headers_) {
    if (name == "transfer-encoding") {
      if (coding != nullptr || lower(value) != "chunked") {
        return not_http("transfer encoding " + in_quotes(value));
      }
      coding = &value;
    }
    if (name == "content-length") {
      if (length != nullptr && *length != value) return not_http("two different lengths");
      length = &value;
    }
  }
  if (coding != nullptr && length != nullptr) return not_http("a length and chunks as well");
  if (length != nullptr) {
    const auto number = parse_number(*length, UINT64_MAX);
    if (!number) return not_http("length " + in_quotes(*length));
    length_ = *number;
  }
  const bool bodiless = status_ == 204 || status_ == 304;
  if (spec_.http_body_contains.empty() || bodiless) {
    reading_ = Reading::nothing;
  } else if (coding != nullptr) {
    reading_ = Reading::chunks;
  } else {
    reading_ = length != nullptr ? Reading::counted_body : Reading::body_until_end;
  }
  return {};
}

Result<bool> HttpAnswer::read_counted_body() {
  if (length_ > k_answer_max) {
    return fail(Code::failed_precondition, "the answer is longer than 64 KiB");
  }
  if (text_.size() - at_ < length_) return false;
  body_ = text_.substr(at_, length_);
  reading_ = Reading::nothing;
  return true;
}

/// A whole chunk at once: its size in hex, perhaps an extension, its bytes and a line end.
Result<bool> HttpAnswer::read_chunk() {
  const std::size_t start = at_;
  const auto line = take_line();
  if (!line) return false;
  const std::string_view digits = trim(line->substr(0, line->find(';')));
  std::uint64_t size = 0;
  const auto [end, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
  if (digits.empty() || problem != std::errc() || end != digits.data() + digits.size()) {
    return not_http("chunk size " + in_quotes(*line));
  }
  if (size == 0) {
    reading_ = Reading::trailers;
    return true;
  }
  if (size > k_answer_max) {
    return fail(Code::failed_precondition, "the answer is longer than 64 KiB");
  }
  const std::size_t data = at_;
  at_ = std::min(data + size, text_.size());
  const auto rest = take_line();
  if (!rest) {
    at_ = start;  // read again when more is there
    return false;
  }
  if (!rest->empty()) return not_http("a chunk is longer than its size");
  body_.append(text_, data, size);
  return true;
}

Result<bool> HttpAnswer::read_trailer() {
  const auto line = take_line();
  if (!line) return false;
  if (line->empty()) reading_ = Reading::nothing;
  return true;
}

Status HttpAnswer::end() {
  if (reading_ == Reading::body_until_end) {
    body_ = text_.substr(at_);
    reading_ = Reading::nothing;
  }
  if (reading_ == Reading::nothing) return {};
  return fail(Code::failed_precondition, "the connection was closed before the answer ended");
}

const std::string* HttpAnswer::header(std::string_view name) const {
  const auto found =
      std::ranges::find(headers_, lower(name), &std::pair<std::string, std::string>::first);
  return found == headers_.end() ? nullptr : &found->second;
}

Status HttpAnswer::verdict() const {
  if (status_ < spec_.http_status_min || status_ > spec_.http_status_max) {
    return fail(Code::failed_precondition, "status " + std::to_string(status_) + ", wanted " +
                                               std::to_string(spec_.http_status_min) + " to " +
                                               std::to_string(spec_.http_status_max));
  }
  if (!spec_.http_header_name.empty()) {
    const std::string* value = header(spec_.http_header_name);
    if (value == nullptr || *value != spec_.http_header_value) {
      return fail(Code::failed_precondition,
                  "header " + in_quotes(spec_.http_header_name) +
                      (value == nullptr ? " is missing" : " is " + in_quotes(*value)) +
                      ", wanted " + in_quotes(spec_.http_header_value));
    }
  }
  if (body_.find(spec_.http_body_contains) == std::string::npos) {
    return fail(Code::failed_precondition,
                "the body does not contain " + in_quotes(spec_.http_body_contains));
  }
  return {};
}

}  // namespace weir::agent
