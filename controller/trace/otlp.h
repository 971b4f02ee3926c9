#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "controller/trace/span.h"

namespace weir::controller {

/// Who the spans are from.
struct TraceSource {
  std::string mesh;
  std::string version;
};

/// A trace with what its times are counted from.
struct TimedTrace {
  Trace trace;
  Duration to_unix{};  // added to a span's time it is the time since 1970
};

/// The traces as OTLP has them in JSON: an ExportTraceServiceRequest. Ids are hexadecimal digits,
/// numbers of 64 bits are texts.
std::string encode_otlp(std::span<const TimedTrace> traces, const TraceSource& source);

/// What a collector says about a request that it took.
struct ExportReply {
  std::uint64_t rejected = 0;  // spans it did not take after all
  std::string message;         // why; cut
};
/// A reply that cannot be read says nothing.
ExportReply read_export_reply(std::string_view json);

}  // namespace weir::controller
