#pragma once

#include "weir/admin/v1/admin.pb.h"

namespace weir::controller {

/// What an audit entry says of a change: `what` it is about, `request` without secrets; and of its
/// reply, where it tells them, `before` and `after`.
void describe(const google::protobuf::Message& request, admin::v1::AuditEntry& entry);
void describe_reply(const google::protobuf::Message& reply, admin::v1::AuditEntry& entry);

/// Whether the request only asks what would happen.
bool dry_run(const google::protobuf::Message& request);

}  // namespace weir::controller
