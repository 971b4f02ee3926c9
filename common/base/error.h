#pragma once

#include <string>
#include <string_view>

namespace weir {

/// What kind of failure; the values are gRPC's status codes, so mapping either way is a cast.
enum class Code : int {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

/// The code's name as written in this file ("not_found"), for logs and JSON.
std::string_view code_name(Code code);

/// An expected failure: a code for the program, a message for the operator (what failed, the value,
/// the rule, what to try; no full stop).
class [[nodiscard]] Error {
 public:
  /// `code` is never `Code::ok`.
  Error(Code code, std::string message);

  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  /// The same error told from one level up: "`context`: message". Used where it crosses a module.
  Error within(std::string_view context) &&;
  Error within(std::string_view context) const&;

  friend bool operator==(const Error&, const Error&) = default;

 private:
  Code code_;
  std::string message_;
};

}  // namespace weir
