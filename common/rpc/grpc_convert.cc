#include "common/rpc/grpc_convert.h"

#include <grpcpp/support/slice.h>

#include <vector>

#include "common/base/text.h"

namespace weir {

grpc::Status to_grpc(const Status& status) {
  if (status) return grpc::Status::OK;
  constexpr std::size_t longest = 4096;
  return {static_cast<grpc::StatusCode>(status.error().code()),
          cut_text(status.error().message(), longest)};
}

Status from_grpc(const grpc::Status& status) {
  if (status.ok()) return {};
  const auto code = static_cast<int>(status.error_code());
  const bool known = code > 0 && code <= static_cast<int>(Code::unauthenticated);
  return fail(known ? static_cast<Code>(code) : Code::unknown, status.error_message());
}

grpc::ByteBuffer to_buffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string from_buffer(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

}  // namespace weir
