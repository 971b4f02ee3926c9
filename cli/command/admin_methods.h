#pragma once

#include "common/rpc/method.h"
#include "weir/admin/v1/admin.pb.h"

/// The admin API's methods, for commands.
namespace weir::cli {

using namespace weir::admin::v1;  // NOLINT(google-build-using-namespace): these words are the API's

template <typename Request, typename Reply>
UnaryMethod<Request, Reply> admin_method(const char* name) {
  return UnaryMethod<Request, Reply>(std::string("weir.admin.v1.Admin.") + name);
}

template <typename Request, typename Reply>
ServerStreamMethod<Request, Reply> admin_stream(const char* name) {
  return ServerStreamMethod<Request, Reply>(std::string("weir.admin.v1.Admin.") + name);
}

}  // namespace weir::cli
