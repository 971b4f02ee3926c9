#include "agent/enforce/gateway/http1_body.h"

#include <algorithm>
#include <array>

namespace weir::agent {
namespace {

constexpr std::uint32_t k_size_digits_max = 15;
constexpr std::uint32_t k_extension_max = 256;
constexpr std::uint32_t k_trailers_max = 8 * 1024;

/// Fields that would change how the message is read or routed if a trailer could carry them.
constexpr std::array<std::string_view, 12> k_forbidden_trailers = {
    "content-length",   "transfer-encoding", "host",
    "connection",       "trailer",           "te",
    "content-encoding", "content-type",      "upgrade",
    "x-forwarded-for",  "weir-refused",      "weir-tried"};

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_text(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

}  // namespace

BodyMachine::BodyMachine(BodyFraming framing) {
  switch (framing.kind) {
    case BodyFraming::Kind::none:
      break;
    case BodyFraming::Kind::length:
      left_ = framing.length;
      phase_ = left_ > 0 ? Phase::data : Phase::done;
      break;
    case BodyFraming::Kind::chunked:
      chunked_ = true;
      phase_ = Phase::size_first;
      break;
    case BodyFraming::Kind::until_close:
      phase_ = Phase::until_close;
      break;
  }
}

BodyMachine::Step BodyMachine::consume(std::string_view bytes) {
  Step step;
  while (step.used < bytes.size() && phase_ != Phase::done) {
    if (phase_ == Phase::until_close) return {bytes.size(), nullptr};
    if (phase_ == Phase::data) {
      const auto taken = std::min<std::uint64_t>(left_, bytes.size() - step.used);
      left_ -= taken;
      step.used += static_cast<std::size_t>(taken);
      if (left_ == 0) phase_ = chunked_ ? Phase::data_cr : Phase::done;
      continue;
    }
    step.bad = take(bytes[step.used]);
    if (step.bad != nullptr) {
      phase_ = Phase::broken;
      return step;
    }
    ++step.used;
  }
  return step;
}

bool BodyMachine::end_of_stream() {
  if (phase_ == Phase::until_close) phase_ = Phase::done;
  return phase_ == Phase::done;
}

const char* BodyMachine::take(char c) {
  switch (phase_) {
    case Phase::size_first:
    case Phase::size:
    case Phase::extension:
    case Phase::size_lf:
      return take_size(c);
    case Phase::data_cr:
      phase_ = Phase::data_lf;
      return c == '\r' ? nullptr : "chunk-end";
    case Phase::data_lf:
      phase_ = Phase::size_first;
      return c == '\n' ? nullptr : "chunk-end";
    default:
      return take_trailer(c);
  }
}

const char* BodyMachine::take_size(char c) {
  if (phase_ == Phase::size_lf) {
    if (c != '\n') return "chunk-size";
    begin_chunk();
    return nullptr;
  }
  if (phase_ == Phase::extension) {
    if (c == '\r') {
      phase_ = Phase::size_lf;
      return nullptr;
    }
    return is_text(c) && ++line_ <= k_extension_max ? nullptr : "chunk-extension";
  }
  const int digit = hex_value(c);
  if (digit >= 0) {
    if (phase_ == Phase::size_first) left_ = digits_ = 0;
    phase_ = Phase::size;
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    return ++digits_ <= k_size_digits_max ? nullptr : "chunk-size";
  }
  if (phase_ == Phase::size_first) return "chunk-size";
  if (c == '\r') {
    phase_ = Phase::size_lf;
    return nullptr;
  }
  if (c != ';') return "chunk-size";
  line_ = 0;
  phase_ = Phase::extension;
  return nullptr;
}

void BodyMachine::begin_chunk() {
  line_ = 0;
  phase_ = left_ > 0 ? Phase::data : Phase::trailer_begin;
}

const char* BodyMachine::take_trailer(char c) {
  if (++line_ > k_trailers_max) return "trailers-too-large";
  switch (phase_) {
    case Phase::trailer_begin:
      name_ = 0;
      phase_ = c == '\r' ? Phase::last_lf : Phase::trailer_name;
      return c == '\r' ? nullptr : take_trailer(c);
    case Phase::trailer_name: {
      const std::string_view name(name_bytes_.data(), std::min<std::size_t>(name_, 32));
      if (c == ':' && name_ > 0) {
        phase_ = Phase::trailer_value;
        const bool forbidden = std::ranges::any_of(
            k_forbidden_trailers, [&](auto& known) { return equal_ignoring_case(known, name); });
        return forbidden && name_ <= 32 ? "trailer-forbidden" : nullptr;
      }
      if (!is_token({&c, 1})) return "trailer-name";
      if (name_ < name_bytes_.size()) name_bytes_[name_] = c;
      ++name_;
      return nullptr;
    }
    case Phase::trailer_value:
      if (c == '\r') {
        phase_ = Phase::trailer_lf;
        return nullptr;
      }
      return is_text(c) ? nullptr : "trailer-value";
    case Phase::trailer_lf:
      phase_ = Phase::trailer_begin;
      return c == '\n' ? nullptr : "trailer-value";
    case Phase::last_lf:
      phase_ = Phase::done;
      return c == '\n' ? nullptr : "trailer-value";
    default:
      return "chunk-size";
  }
}

}  // namespace weir::agent
