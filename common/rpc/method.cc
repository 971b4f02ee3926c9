#include "common/rpc/method.h"

#include <google/protobuf/descriptor.h>

#include "common/base/assert.h"

namespace weir {
namespace {

MethodKind kind_of(const google::protobuf::MethodDescriptor& method) {
  if (method.client_streaming()) return MethodKind::bidi;
  return method.server_streaming() ? MethodKind::server_stream : MethodKind::unary;
}

}  // namespace

std::string checked_method_path(std::string_view name, MethodKind kind,
                                const google::protobuf::Descriptor* request,
                                const google::protobuf::Descriptor* reply) {
  const std::string full(name);
  const auto* method = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(full);
  WEIR_ASSERT(method != nullptr, "no .proto of this program has the method " + full);
  WEIR_ASSERT(method->input_type() == request && method->output_type() == reply,
              full + " is used with other message types");
  WEIR_ASSERT(kind_of(*method) == kind, full + " is used as another kind of method");
  return "/" + method->service()->full_name() + "/" + method->name();
}

}  // namespace weir
