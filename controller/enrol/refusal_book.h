#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "controller/enrol/token_record.h"
#include "controller/store/store.h"
#include "weir/telemetry/v1/report.pb.h"

namespace weir::controller {

/// Who was refused with which token, in the store: one row for a token and kind of refusal, the
/// first. A kind is the token's state and the refusal's code, so a holder of a token can make a few
/// rows and no more, however often it tries. No memory of its own; its owner's lock, blocks on the
/// store.
class RefusalBook {
 public:
  using Event = telemetry::v1::Event;

  explicit RefusalBook(Store& store) : store_(store) {}

  /// Keeps what is a judgement of the enrolment; nothing that only happened to it. A store that
  /// takes no write now keeps nothing: that has its own alarm.
  void record(const TokenRecord& token, const Error& why, std::int64_t now_unix_ms);
  /// As events, oldest first. Errors: data_loss, unavailable.
  Result<std::vector<Event>> all();
  /// Adds to `forget` what is kept of a token. Errors: data_loss, unavailable.
  Status forget(const TokenId& token, Transaction& forget);

 private:
  Store& store_;
};

inline constexpr std::string_view k_refusal_rows = "enrol/refused/";

}  // namespace weir::controller
