#pragma once

#include <CLI/CLI.hpp>

#include "cli/admin_session.h"

namespace weir::cli {

/// Each adds one command with its options to the program. Running it sets `exit`; `session` and
/// `exit` outlive the program.
void add_status(CLI::App& program, AdminSession& session, Exit& exit);
void add_mesh(CLI::App& program, AdminSession& session, Exit& exit);
void add_mesh_token(CLI::App& mesh, AdminSession& session, Exit& exit);
void add_paths(CLI::App& program, AdminSession& session, Exit& exit);
void add_services(CLI::App& program, AdminSession& session, Exit& exit);
void add_weights(CLI::App& program, AdminSession& session, Exit& exit);
void add_weights_pin(CLI::App& weights, AdminSession& session, Exit& exit);
void add_failover(CLI::App& program, AdminSession& session, Exit& exit);
void add_events(CLI::App& program, AdminSession& session, Exit& exit);
void add_config(CLI::App& program, AdminSession& session, Exit& exit);
void add_version(CLI::App& program, AdminSession& session, Exit& exit);

}  // namespace weir::cli
