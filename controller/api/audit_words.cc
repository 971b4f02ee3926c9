#include "controller/api/audit_words.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <memory>
#include <string>
#include <string_view>

namespace weir::controller {

namespace pb = admin::v1;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

/// Of the API's secrets and bulk: what stands there instead of them.
constexpr std::string_view k_left_out[] = {"checkpoint", "secret"};

std::string text_field(const Message& message, const char* name) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->is_repeated() ||
      field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    return "";
  }
  return message.GetReflection()->GetString(message, field);
}

std::string as_json(const Message& message) {
  const std::unique_ptr<Message> shown(message.New());
  shown->CopyFrom(message);
  for (const std::string_view name : k_left_out) {
    const FieldDescriptor* const field = shown->GetDescriptor()->FindFieldByName(std::string(name));
    if (field != nullptr) shown->GetReflection()->ClearField(shown.get(), field);
  }
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(*shown, &json).ok()) json.clear();
  return json;
}

std::string in_words(const google::protobuf::RepeatedPtrField<policy::v1::Weight>& weights) {
  std::string text;
  for (const auto& weight : weights) {
    if (!text.empty()) text += ", ";
    text += weight.region() + "=" + std::to_string(weight.weight());
  }
  return text;
}

void append(std::string& text, const std::string& more) {
  if (!text.empty()) text += "; ";
  text += more;
}

}  // namespace

void describe(const Message& request, pb::AuditEntry& entry) {
  std::string what;
  for (const char* field : {"service", "agent", "id", "name", "cluster", "action", "region"}) {
    const std::string text = text_field(request, field);
    if (!text.empty() && what.empty()) what = text;
  }
  const std::string from = text_field(request, "from_region");
  if (!from.empty()) what += " from " + from;
  entry.set_what(what);
  entry.set_request(as_json(request));
}

void describe_reply(const Message& reply, pb::AuditEntry& entry) {
  if (const auto* pinned = dynamic_cast<const pb::PinWeightsReply*>(&reply)) {
    entry.set_before(in_words(pinned->before()));
    entry.set_after(in_words(pinned->after()));
  } else if (const auto* back = dynamic_cast<const pb::RollbackWeightsReply*>(&reply)) {
    for (const auto& move : back->moves()) {
      append(*entry.mutable_before(), move.from_region() + ": " + in_words(move.before()));
      append(*entry.mutable_after(), move.from_region() + ": " + in_words(move.after()));
    }
  } else if (const auto* away = dynamic_cast<const pb::EvacuateRegionReply*>(&reply)) {
    for (const auto& move : away->moves()) {
      const std::string who = move.service() + " from " + move.from_region() + ": ";
      append(*entry.mutable_before(), who + in_words(move.before()));
      append(*entry.mutable_after(), who + in_words(move.after()));
    }
  } else if (const auto* guardrail = dynamic_cast<const pb::ChangeGuardrailReply*>(&reply)) {
    for (const auto& move : guardrail->moves()) {
      const std::string which = move.service() + " " + move.name() + ": ";
      append(*entry.mutable_before(), which + move.before());
      append(*entry.mutable_after(), which + move.after());
    }
  } else if (const auto* mode = dynamic_cast<const pb::SetPolicyModeReply*>(&reply)) {
    entry.set_before(mode->mode_before());
    entry.set_after(mode->policy().mode());
  } else if (const auto* level = dynamic_cast<const pb::SetLogLevelReply*>(&reply)) {
    entry.set_before(level->before());
    entry.set_after(level->after());
  } else if (const auto* rollout = dynamic_cast<const pb::PromotePolicyReply*>(&reply)) {
    entry.set_after(rollout->rollout().stage() + " " + rollout->rollout().name());
  } else if (reply.ByteSizeLong() != 0) {
    entry.set_after(as_json(reply));
  }
}

bool dry_run(const Message& request) {
  const FieldDescriptor* const field = request.GetDescriptor()->FindFieldByName("dry_run");
  return field != nullptr && request.GetReflection()->GetBool(request, field);
}

}  // namespace weir::controller
