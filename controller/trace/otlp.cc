#include "controller/trace/otlp.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "common/base/text.h"

namespace weir::controller {
namespace {

namespace json = boost::json;

// Numbers of the protocol.
constexpr int k_kind_internal = 1;
constexpr int k_status_error = 2;
constexpr std::size_t k_message_max = 500;

std::string hex(std::uint64_t number) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string text(16, '0');
  for (auto digit = text.rbegin(); number != 0; ++digit, number >>= 4U) {
    *digit = k_digits[number & 15U];
  }
  return text;
}

json::object value_of(const SpanAttribute::Value& value) {
  struct Visitor {
    json::object operator()(const std::string& text) const { return {{"stringValue", text}}; }
    json::object operator()(std::int64_t number) const {
      return {{"intValue", std::to_string(number)}};
    }
    json::object operator()(bool truth) const { return {{"boolValue", truth}}; }
    json::object operator()(const std::vector<std::string>& texts) const {
      json::array values;
      for (const std::string& text : texts) values.push_back((*this)(text));
      return {{"arrayValue", json::object{{"values", std::move(values)}}}};
    }
  };
  return std::visit(Visitor(), value);
}

json::array attributes_of(const std::vector<SpanAttribute>& attributes) {
  json::array out;
  for (const auto& [key, value] : attributes) {
    out.push_back(json::object{{"key", key}, {"value", value_of(value)}});
  }
  return out;
}

json::object span_of(const Span& span, const TimedTrace& of) {
  const auto unix_ns = [&of](Time when) {
    return std::to_string((when.time_since_epoch() + of.to_unix).count());
  };
  json::object out;
  out["traceId"] = hex(of.trace.id_high) + hex(of.trace.id_low);
  out["spanId"] = hex(span.id);
  if (span.parent != 0) out["parentSpanId"] = hex(span.parent);
  out["name"] = span.name;
  out["kind"] = k_kind_internal;
  out["startTimeUnixNano"] = unix_ns(span.begin);
  out["endTimeUnixNano"] = unix_ns(span.end);
  out["attributes"] = attributes_of(span.attributes);
  if (!span.problem.empty()) {
    out["status"] = json::object{{"code", k_status_error}, {"message", span.problem}};
  }
  return out;
}

}  // namespace

std::string encode_otlp(std::span<const TimedTrace> traces, const TraceSource& source) {
  json::array spans;
  for (const TimedTrace& timed : traces) {
    for (const Span& span : timed.trace.spans) spans.push_back(span_of(span, timed));
  }
  const std::vector<SpanAttribute> who = {{"service.name", "weir-controller"},
                                          {"service.version", source.version},
                                          {"weir.mesh", source.mesh}};
  json::object scope;
  scope["scope"] = json::object{{"name", "weir.controller"}, {"version", source.version}};
  scope["spans"] = std::move(spans);
  json::object resource;
  resource["resource"] = json::object{{"attributes", attributes_of(who)}};
  resource["scopeSpans"] = json::array{std::move(scope)};
  return json::serialize(json::object{{"resourceSpans", json::array{std::move(resource)}}});
}

ExportReply read_export_reply(std::string_view text) {
  boost::system::error_code problem;
  const json::value read = json::parse(text, problem);
  if (problem || !read.is_object()) return {};
  const json::value* partial = read.as_object().if_contains("partialSuccess");
  if (partial == nullptr || !partial->is_object()) return {};
  ExportReply reply;
  if (const json::value* rejected = partial->as_object().if_contains("rejectedSpans")) {
    if (rejected->is_string()) {
      reply.rejected =
          parse_number(std::string_view(rejected->as_string()), UINT32_MAX).value_or(0);
    } else if (rejected->is_int64() && rejected->as_int64() > 0) {
      reply.rejected = static_cast<std::uint64_t>(rejected->as_int64());
    }
  }
  const json::value* message = partial->as_object().if_contains("errorMessage");
  if (message != nullptr && message->is_string()) {
    reply.message = cut_text(std::string_view(message->as_string()), k_message_max);
  }
  return reply;
}

}  // namespace weir::controller
