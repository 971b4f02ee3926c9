#pragma once

#include <expected>
#include <utility>

#include "common/base/error.h"

namespace weir {

/// A value or why there is none.
template <typename T>
using Result = std::expected<T, Error>;

/// Success or why not.
using Status = Result<void>;

/// `return fail(Code::not_found, "...")` from a function that returns a Result or a Status.
inline std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected<Error>(Error(code, std::move(message)));
}

inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }

}  // namespace weir

/// Returns the error of `expression` (a Result or Status) to the caller, as a statement.
#define WEIR_TRY(expression)                                                  \
  do {                                                                        \
    if (auto weir_tried = (expression); !weir_tried)                          \
      return ::std::unexpected<::weir::Error>(std::move(weir_tried).error()); \
  } while (false)

/// The same inside a coroutine; `expression` may hold a co_await.
#define WEIR_CO_TRY(expression)                                                  \
  do {                                                                           \
    if (auto weir_tried = (expression); !weir_tried)                             \
      co_return ::std::unexpected<::weir::Error>(std::move(weir_tried).error()); \
  } while (false)

/// Declares `name` with the value of `expression`, or returns its error to the caller.
#define WEIR_ASSIGN(name, expression)                                                            \
  auto name##_result = (expression);                                                             \
  if (!name##_result) return ::std::unexpected<::weir::Error>(std::move(name##_result).error()); \
  auto& name = *name##_result
