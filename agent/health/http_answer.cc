#include "agent/health/http_answer.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "common/base/text.h"

namespace weir::agent {

namespace http = boost::beast::http;

namespace {

constexpr std::size_t k_answer_max = 64 * 1024;
constexpr std::uint32_t k_head_max = 16 * 1024;

}  // namespace

struct HttpAnswer::Parser {
  http::response_parser<http::string_body> http;
  std::string pending;  // read but not yet a whole line
  std::size_t read = 0;
};

std::string http_check_request(const HealthCheckSpec& spec, const Endpoint& endpoint) {
  const std::string host = spec.http_host.empty() ? endpoint.to_string() : spec.http_host;
  return "GET " + spec.http_path + " HTTP/1.1\r\nHost: " + host +
         "\r\nUser-Agent: weir-health\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

HttpAnswer::HttpAnswer(const HealthCheckSpec& spec)
    : spec_(spec), parser_(std::make_unique<Parser>()) {
  parser_->http.header_limit(k_head_max);
  parser_->http.body_limit(k_answer_max);
  parser_->http.eager(true);
}

HttpAnswer::~HttpAnswer() = default;

Result<bool> HttpAnswer::feed(ByteView bytes) {
  parser_->read += bytes.size();
  if (parser_->read > k_answer_max) {
    return fail(Code::failed_precondition, "the answer is longer than 64 KiB");
  }
  parser_->pending.append(as_text(bytes));
  const bool wants_body = !spec_.http_body_contains.empty();
  while (!parser_->pending.empty() && !parser_->http.is_done()) {
    boost::system::error_code problem;
    const std::size_t used = parser_->http.put(boost::asio::buffer(parser_->pending), problem);
    parser_->pending.erase(0, used);
    if (problem == http::error::need_more) break;
    if (problem) {
      return fail(Code::failed_precondition, "the answer is not HTTP: " + problem.message());
    }
    if (used == 0) break;
  }
  return parser_->http.is_done() || (!wants_body && parser_->http.is_header_done());
}

Status HttpAnswer::end() {
  boost::system::error_code problem;
  if (parser_->read > 0) parser_->http.put_eof(problem);
  if (parser_->read == 0 || problem) {
    return fail(Code::failed_precondition, "the connection was closed before the answer ended");
  }
  return {};
}

Status HttpAnswer::verdict() const {
  const auto& answer = parser_->http.get();
  const int status = static_cast<int>(answer.result_int());
  if (status < spec_.http_status_min || status > spec_.http_status_max) {
    return fail(Code::failed_precondition, "status " + std::to_string(status) + ", wanted " +
                                               std::to_string(spec_.http_status_min) + " to " +
                                               std::to_string(spec_.http_status_max));
  }
  if (!spec_.http_header_name.empty()) {
    const auto found = answer.find(spec_.http_header_name);
    const std::string value = found == answer.end() ? "" : std::string(found->value());
    if (found == answer.end() || value != spec_.http_header_value) {
      return fail(Code::failed_precondition,
                  "header " + in_quotes(spec_.http_header_name) +
                      (found == answer.end() ? " is missing" : " is " + in_quotes(value)) +
                      ", wanted " + in_quotes(spec_.http_header_value));
    }
  }
  if (answer.body().find(spec_.http_body_contains) == std::string::npos) {
    return fail(Code::failed_precondition,
                "the body does not contain " + in_quotes(spec_.http_body_contains));
  }
  return {};
}

}  // namespace weir::agent
