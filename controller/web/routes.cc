#include "controller/web/routes.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <array>
#include <charconv>
#include <memory>

#include "common/base/assert.h"
#include "common/base/text.h"
#include "weir/admin/v1/admin.pb.h"

namespace weir::controller {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

namespace {

constexpr std::string_view k_service = "weir.admin.v1.Admin";

constexpr auto k_routes = std::to_array<Route>({
    {"GET", "/status", "GetStatus"},
    {"GET", "/doctor", "Diagnose"},
    {"GET", "/agents", "ListAgents"},
    {"GET", "/tokens", "ListTokens"},
    {"GET", "/regions", "ListRegions"},
    {"GET", "/paths", "ListPaths"},
    {"GET", "/services", "ListServices"},
    {"GET", "/traffic", "GetTraffic"},
    {"GET", "/weights", "GetWeights"},
    {"GET", "/policies", "ListPolicies"},
    {"GET", "/pins", "ListPins"},
    {"GET", "/guardrails", "ListGuardrails"},
    {"GET", "/failovers", "ListFailovers"},
    {"GET", "/events", "ListEvents"},
    {"GET", "/changes", "ListChanges"},
    {"GET", "/explain", "ExplainWeights"},
    {"GET", "/series", "GetSeries"},
    {"GET", "/audit", "ListAudit"},
    {"GET", "/access", "ListAccess"},
    {"POST", "/pin", "PinWeights"},
    {"POST", "/unpin", "UnpinWeights"},
    {"POST", "/rollback", "RollbackWeights"},
    {"POST", "/evacuate", "EvacuateRegion"},
    {"POST", "/evacuate/end", "EndEvacuation"},
    {"POST", "/guardrails/tighten", "TightenGuardrail"},
    {"POST", "/guardrails/change", "ChangeGuardrail"},
    {"POST", "/policy/mode", "SetPolicyMode"},
    {"POST", "/policy/confirm", "ConfirmPolicy"},
    {"POST", "/policy/promote", "PromotePolicy"},
    {"POST", "/simulate", "Simulate"},
    {"POST", "/paths/ping", "PingPath"},
    {"POST", "/tokens/create", "CreateToken"},
    {"POST", "/tokens/revoke", "RevokeToken"},
    {"POST", "/agents/remove", "RemoveAgent"},
    {"POST", "/access/create", "CreateAccess"},
    {"POST", "/access/revoke", "RevokeAccess"},
    {"POST", "/snapshot", "TakeSnapshot"},
    {"POST", "/log-level", "SetLogLevel"},
});

const MethodDescriptor& descriptor_of(std::string_view method) {
  // By way of a message of the file: a program that links its parts only is sure to hold it then.
  const auto* const api =
      admin::v1::StatusRequest::descriptor()->file()->FindServiceByName("Admin");
  const auto* const found = api->FindMethodByName(std::string(method));
  WEIR_ASSERT(found != nullptr, "the API has no method " + std::string(method));
  return *found;
}

std::unique_ptr<Message> empty(const Descriptor* type) {
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

/// The field a parameter names: as it is written in JSON or in the proto, or its first word.
const FieldDescriptor* field_of(const Descriptor& type, const std::string& name) {
  if (const auto* const exact = type.FindFieldByName(name)) return exact;
  if (const auto* const camel = type.FindFieldByCamelcaseName(name)) return camel;
  for (const char* ending : {"_unix_ms", "_region"}) {
    if (const auto* const longer = type.FindFieldByName(name + ending)) return longer;
  }
  return nullptr;
}

template <typename Number>
bool read_number(const std::string& text, Number& out) {
  const char* const end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, out);
  return problem == std::errc() && stopped == end;
}

bool set(Message& message, const FieldDescriptor& field, const std::string& text) {
  const auto& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      reflection.SetString(&message, &field, text);
      return true;
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection.SetBool(&message, &field, text == "true");
      return text == "true" || text == "false";
    case FieldDescriptor::CPPTYPE_UINT32: {
      std::uint32_t number = 0;
      if (!read_number(text, number)) return false;
      reflection.SetUInt32(&message, &field, number);
      return true;
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      std::uint64_t number = 0;
      if (!read_number(text, number)) return false;
      reflection.SetUInt64(&message, &field, number);
      return true;
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      std::int64_t number = 0;
      if (!read_number(text, number)) return false;
      reflection.SetInt64(&message, &field, number);
      return true;
    }
    default:
      return false;
  }
}

std::string names_of(const Descriptor& type) {
  std::string names;
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->is_repeated()) continue;
    names += (names.empty() ? "" : ", ") + type.field(i)->camelcase_name();
  }
  return names.empty() ? "none" : names;
}

Status fill(Message& message, const std::map<std::string, std::string>& query) {
  const Descriptor& type = *message.GetDescriptor();
  for (const auto& [name, value] : query) {
    const FieldDescriptor* const field = field_of(type, name);
    if (field == nullptr || field->is_repeated()) {
      return fail(Code::invalid_argument, "there is no parameter " + in_quotes(name) +
                                              " here; there are: " + names_of(type));
    }
    if (!set(message, *field, value)) {
      return fail(Code::invalid_argument, "the parameter " + in_quotes(name) + " cannot be " +
                                              in_quotes(value) + ": it is a " +
                                              std::string(field->cpp_type_name()));
    }
  }
  return {};
}

}  // namespace

std::span<const Route> routes() { return k_routes; }

Result<const Route*> find_route(std::string_view verb, std::string_view path) {
  const Route* other = nullptr;
  for (const Route& route : k_routes) {
    if (route.path != path) continue;
    if (route.verb == verb) return &route;
    other = &route;
  }
  if (other == nullptr) return nullptr;
  return fail(Code::unimplemented,
              "/api/v1" + std::string(path) + " takes " + std::string(other->verb));
}

std::string method_path(const Route& route) {
  return "/" + std::string(k_service) + "/" + std::string(route.method);
}

Result<std::string> request_bytes(const Route& route, const WebRequest& request) {
  const auto message = empty(descriptor_of(route.method).input_type());
  if (route.verb == "GET") {
    WEIR_TRY(fill(*message, request.query));
    // A list of all servers of all services is for nobody's eyes.
    if (route.method == "ListServices" && !request.query.contains("service")) {
      WEIR_TRY(fill(*message, {{"without_endpoints", "true"}}));
    }
  } else if (!request.body.empty()) {
    const auto read = google::protobuf::util::JsonStringToMessage(request.body, message.get());
    if (!read.ok()) {
      return fail(Code::invalid_argument, "the body is no " +
                                              std::string(message->GetDescriptor()->name()) + ": " +
                                              cut_text(read.ToString(), 300));
    }
  }
  return message->SerializeAsString();
}

Result<std::string> reply_json(std::string_view method, const std::string& bytes) {
  const auto message = empty(descriptor_of(method).output_type());
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  if (!message->ParseFromString(bytes) ||
      !google::protobuf::util::MessageToJsonString(*message, &json, options).ok()) {
    return fail(Code::data_loss, "the answer of " + std::string(method) + " cannot be read");
  }
  return json;
}

}  // namespace weir::controller
