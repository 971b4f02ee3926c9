#pragma once

#include <string>
#include <string_view>

namespace google::protobuf {
class Descriptor;
}

namespace weir {

enum class MethodKind { unary, server_stream, bidi };

/// The path of a method of a service in our protos.
///
/// Aborts when the generated descriptors know no method `name` ("weir.admin.v1.Admin.GetStatus") of
/// this kind with these message types: a typing error of ours, seen at start.
std::string checked_method_path(std::string_view name, MethodKind kind,
                                const google::protobuf::Descriptor* request,
                                const google::protobuf::Descriptor* reply);

/// A method with its kind and message types, so that a handler or a call of other types does not
/// compile: `const UnaryMethod<StatusRequest, StatusReply> k_get("weir.admin.v1.Admin.GetStatus")`.
template <typename RequestT, typename ReplyT, MethodKind kind>
class Method {
 public:
  using Request = RequestT;
  using Reply = ReplyT;

  explicit Method(std::string_view name)
      : path_(checked_method_path(name, kind, RequestT::descriptor(), ReplyT::descriptor())) {}

  /// "/weir.admin.v1.Admin/GetStatus".
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

template <typename Request, typename Reply>
using UnaryMethod = Method<Request, Reply, MethodKind::unary>;
template <typename Request, typename Reply>
using ServerStreamMethod = Method<Request, Reply, MethodKind::server_stream>;
/// What the client writes, then what the server writes.
template <typename ClientMessage, typename ServerMessage>
using BidiMethod = Method<ClientMessage, ServerMessage, MethodKind::bidi>;

}  // namespace weir
