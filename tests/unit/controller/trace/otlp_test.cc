#include "controller/trace/otlp.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace weir::controller {
namespace {

namespace json = boost::json;

TimedTrace trace_of(Span span) {
  return {.trace = {.id_high = 0x0102030405060708, .id_low = 0x1, .spans = {std::move(span)}},
          .to_unix = std::chrono::seconds(1'700'000'000)};
}

TEST(Otlp, IsAnExportTraceServiceRequestInJson) {
  const Span span{.id = 0xab,
                  .parent = 0xfedcba9876543210,
                  .name = "push",
                  .begin = Time(std::chrono::nanoseconds(5)),
                  .end = Time(std::chrono::nanoseconds(1'000'000'007)),
                  .attributes = {{"text", "a \"b\""},
                                 {"number", std::int64_t{-3}},
                                 {"truth", true},
                                 {"list", std::vector<std::string>{"x", "y"}}},
                  .problem = "no answer"};
  const std::vector<TimedTrace> traces = {trace_of(span)};
  const json::value read = json::parse(encode_otlp(traces, {.mesh = "demo", .version = "1.2"}));
  const json::value wanted = json::parse(R"({"resourceSpans": [{
    "resource": {"attributes": [
      {"key": "service.name", "value": {"stringValue": "weir-controller"}},
      {"key": "service.version", "value": {"stringValue": "1.2"}},
      {"key": "weir.mesh", "value": {"stringValue": "demo"}}]},
    "scopeSpans": [{
      "scope": {"name": "weir.controller", "version": "1.2"},
      "spans": [{
        "traceId": "01020304050607080000000000000001",
        "spanId": "00000000000000ab",
        "parentSpanId": "fedcba9876543210",
        "name": "push",
        "kind": 1,
        "startTimeUnixNano": "1700000000000000005",
        "endTimeUnixNano": "1700000001000000007",
        "attributes": [
          {"key": "text", "value": {"stringValue": "a \"b\""}},
          {"key": "number", "value": {"intValue": "-3"}},
          {"key": "truth", "value": {"boolValue": true}},
          {"key": "list", "value": {"arrayValue": {"values": [
            {"stringValue": "x"}, {"stringValue": "y"}]}}}],
        "status": {"code": 2, "message": "no answer"}}]}]}]})");
  EXPECT_EQ(read, wanted) << read;
}

TEST(Otlp, AFirstSpanHasNoParentAndAGoodOneNoStatus) {
  const std::vector<TimedTrace> traces = {trace_of({.id = 1, .name = "decision"})};
  const std::string text = encode_otlp(traces, {});
  EXPECT_EQ(text.find("parentSpanId"), std::string::npos);
  EXPECT_EQ(text.find("status"), std::string::npos);
}

TEST(Otlp, AReplyTellsWhatWasNotTaken) {
  const auto part =
      read_export_reply(R"({"partialSuccess": {"rejectedSpans": "7", "errorMessage": "too old"}})");
  EXPECT_EQ(part.rejected, 7U);
  EXPECT_EQ(part.message, "too old");
  EXPECT_EQ(read_export_reply(R"({"partialSuccess": {"rejectedSpans": 3}})").rejected, 3U);
  for (const char* nothing : {"", "{}", "[]", "null", "x", R"({"partialSuccess": null})",
                              R"({"partialSuccess": {"rejectedSpans": -1}})",
                              R"({"partialSuccess": {"rejectedSpans": "-1"}})",
                              R"({"partialSuccess": {"rejectedSpans": {}, "errorMessage": 5}})"}) {
    EXPECT_EQ(read_export_reply(nothing).rejected, 0U) << nothing;
  }
  EXPECT_EQ(read_export_reply(std::string(100'000, '[')).rejected, 0U);
}

}  // namespace
}  // namespace weir::controller
