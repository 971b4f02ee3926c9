#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

namespace weir::cli {

/// `{"apiVersion":"weir.v1","kind":"KIND", ...}` around the message in proto3's JSON mapping, with
/// every field present; 64-bit numbers are strings there. Ends with a line end.
/// `one_line`: for streams, one document a line.
std::string json_document(std::string_view kind, const google::protobuf::Message& message,
                          bool one_line);

/// The message alone, in one line, without fields that have their default and without a line end.
std::string json_line(const google::protobuf::Message& message);

}  // namespace weir::cli
