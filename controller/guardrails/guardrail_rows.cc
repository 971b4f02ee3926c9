#include "controller/guardrails/guardrail_rows.h"

#include "common/base/text.h"
#include "weir/store/v1/steering.pb.h"

namespace weir::controller {

std::string guardrail_row_key(const ServiceName& service, const std::string& name) {
  return std::string(k_guardrail_rows) + service.value() + "/" + name;
}

std::string encode_guardrail(const GuardrailOverride& override) {
  store::v1::GuardrailOverride row;
  row.set_service(override.service.value());
  row.set_name(override.name);
  row.set_value(override.value);
  row.set_by(override.by);
  row.set_created_unix_ms(override.created_unix_ms);
  row.set_expires_unix_ms(override.expires_unix_ms);
  return row.SerializeAsString();
}

Result<GuardrailOverride> decode_guardrail(std::string_view row) {
  store::v1::GuardrailOverride in;
  if (!in.ParseFromArray(row.data(), static_cast<int>(row.size()))) {
    return fail(Code::data_loss, "a row of a guardrail cannot be read");
  }
  const Guardrail* guardrail = find_guardrail(in.name());
  if (guardrail == nullptr) {
    return fail(Code::data_loss, "guardrail " + in_quotes(in.name()) + " is not known");
  }
  if (!(in.value() >= guardrail->least && in.value() <= guardrail->most)) {
    return fail(Code::data_loss, "guardrail " + in.name() + " of " + in_quotes(in.service()) +
                                     " is beyond its bounds");
  }
  return GuardrailOverride{.service = ServiceName(in.service()),
                           .name = in.name(),
                           .value = in.value(),
                           .by = in.by(),
                           .created_unix_ms = in.created_unix_ms(),
                           .expires_unix_ms = in.expires_unix_ms()};
}

}  // namespace weir::controller
