#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <string>

#include "common/base/result.h"

namespace weir {

/// Our codes are gRPC's. A message is cut after 4 KiB: it travels in a header.
grpc::Status to_grpc(const Status& status);
Status from_grpc(const grpc::Status& status);

grpc::ByteBuffer to_buffer(const std::string& bytes);
std::string from_buffer(const grpc::ByteBuffer& buffer);

}  // namespace weir
