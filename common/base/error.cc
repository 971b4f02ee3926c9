#include "common/base/error.h"

#include <array>
#include <utility>

#include "common/base/assert.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 17> k_names = {
    "ok",
    "cancelled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal",
    "unavailable",
    "data_loss",
    "unauthenticated",
};

}  // namespace

std::string_view code_name(Code code) {
  const auto index = static_cast<std::size_t>(code);
  return index < k_names.size() ? k_names[index] : "unknown";
}

Error::Error(Code code, std::string message) : code_(code), message_(std::move(message)) {
  WEIR_ASSERT(code != Code::ok, "an error needs a code: " + message_);
}

Error Error::within(std::string_view context) && {
  message_.insert(0, std::string(context) + ": ");
  return std::move(*this);
}

Error Error::within(std::string_view context) const& { return Error(*this).within(context); }

}  // namespace weir
