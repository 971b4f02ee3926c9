#pragma once

#include "cli/admin_session.h"
#include "cli/command_syntax.h"

namespace weir::cli {

/// Each adds one command with its options to the program. Running it sets `exit`; `session` and
/// `exit` outlive the program.
void add_status(CommandSyntax program, AdminSession& session, Exit& exit);
void add_doctor(CommandSyntax program, AdminSession& session, Exit& exit);
void add_mesh(CommandSyntax program, AdminSession& session, Exit& exit);
void add_mesh_show(CommandSyntax mesh, AdminSession& session, Exit& exit);
void add_mesh_token(CommandSyntax mesh, AdminSession& session, Exit& exit);
void add_paths(CommandSyntax program, AdminSession& session, Exit& exit);
void add_paths_trace(CommandSyntax paths, AdminSession& session, Exit& exit);
void add_services(CommandSyntax program, AdminSession& session, Exit& exit);
void add_weights(CommandSyntax program, AdminSession& session, Exit& exit);
void add_weights_pin(CommandSyntax weights, AdminSession& session, Exit& exit);
void add_policy(CommandSyntax program, AdminSession& session, Exit& exit);
void add_guardrails(CommandSyntax program, AdminSession& session, Exit& exit);
void add_simulate(CommandSyntax program, AdminSession& session, Exit& exit);
void add_failover(CommandSyntax program, AdminSession& session, Exit& exit);
void add_events(CommandSyntax program, AdminSession& session, Exit& exit);
void add_admin(CommandSyntax program, AdminSession& session, Exit& exit);
void add_access(CommandSyntax program, AdminSession& session, Exit& exit);
void add_gather(CommandSyntax program, AdminSession& session, Exit& exit);
void add_config(CommandSyntax program, AdminSession& session, Exit& exit);
void add_config_view(CommandSyntax config, AdminSession& session, Exit& exit);
void add_explain(CommandSyntax program, AdminSession& session, Exit& exit);
void add_context(CommandSyntax program, AdminSession& session, Exit& exit);
void add_get(CommandSyntax program, AdminSession& session, Exit& exit);
void add_documents(CommandSyntax program, AdminSession& session, Exit& exit);
void add_version(CommandSyntax program, AdminSession& session, Exit& exit);

}  // namespace weir::cli
