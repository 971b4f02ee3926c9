#include <fmt/format.h>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/secret_creation.h"
#include "cli/command/show.h"
#include "cli/command/ttl_option.h"
#include "cli/render/units.h"

namespace weir::cli {

namespace {

struct CreateOptions {
  std::string name;
  std::string role = "viewer";
  std::string ttl;
  std::string out;
};

std::string role_word(Role role) {
  switch (role) {
    case VIEWER:
      return "viewer";
    case OPERATOR:
      return "operator";
    case ADMIN:
      return "admin";
    default:
      return "nobody";
  }
}

Role role_of(const std::string& word) {
  for (const Role role : {VIEWER, OPERATOR, ADMIN}) {
    if (role_word(role) == word) return role;
  }
  return NOBODY;
}

Exit create(AdminSession& session, const CreateOptions& options) {
  const std::string failed = "cannot create an access token";
  CreateAccessRequest request;
  request.set_name(options.name);
  request.set_role(role_of(options.role));
  const auto ttl = ttl_of(session, failed, options.ttl, "weirctl access create NAME --ttl 24h");
  if (!ttl) return Exit::usage;
  request.set_ttl_s(*ttl);
  CreateAccessReply reply;
  const auto create = [&]() -> Status {
    auto made =
        session.ask(admin_method<CreateAccessRequest, CreateAccessReply>("CreateAccess"), request);
    if (!made) return fail(made.error());
    reply = *std::move(made);
    return {};
  };
  return create_secret(
      session, {.failed = failed,
                .out = options.out,
                .create = create,
                .secret = [&reply]() -> std::string& { return *reply.mutable_secret(); },
                .revoke = [&reply] { return "weirctl access revoke " + reply.access().id(); },
                .document = [&] { return document(session, "AccessCreated", reply); },
                .told =
                    [&] {
                      return fmt::format(
                          "access token {} for {}: {}, ends {}\n"
                          "next: open the dashboard and sign in with it\n",
                          printable(reply.access().id()), printable(reply.access().name()),
                          role_word(reply.access().role()),
                          session.when(reply.access().expires_unix_ms()));
                    }});
}

std::string text_of(AdminSession& session, const ListAccessReply& reply) {
  Table table({{"TOKEN"}, {"NAME"}, {"ROLE"}, {"ENDS"}, {"CREATED"}});
  for (const Access& access : reply.tokens()) {
    table.add({access.id(), access.name(), role_word(access.role()),
               session.when(access.expires_unix_ms()), session.when(access.created_unix_ms())});
  }
  return table_or(session, table,
                  "Nobody has access: weirctl access create NAME --role viewer|operator|admin");
}

Exit revoke(AdminSession& session, const std::string& id) {
  RevokeAccessRequest request;
  request.set_id(id);
  const auto reply =
      session.ask(admin_method<RevokeAccessRequest, RevokeAccessReply>("RevokeAccess"), request);
  if (!reply) {
    return session.fail_with("cannot revoke access token " + id, reply.error(),
                             "weirctl access ls");
  }
  if (session.json()) {
    session.terminal().out << document(session, "AccessRevocation", *reply);
  } else {
    session.terminal().err << "revoked access token " << printable(id)
                           << "; whoever was signed in with it is not any more\n";
  }
  return Exit::ok;
}

}  // namespace

void add_access(CommandSyntax program, AdminSession& session, Exit& exit) {
  CommandSyntax access = program.add_group("access", "Who may sign in to the dashboard");

  const auto options = std::make_shared<CreateOptions>();
  CommandSyntax creation =
      access.add("create", "A token to sign in with; printed this once, alone, on standard output");
  creation.option("name", options->name, "Whose it is").takes("NAME").required();
  creation.option("--role", options->role, "viewer looks, operator moves traffic, admin does all")
      .one_of({"viewer", "operator", "admin"});
  creation.option("--ttl", options->ttl, "How long it is good, such as 24h; 30 days without")
      .takes("DURATION");
  creation.option("--out", options->out, "Write it to a new file of mode 0600, and nowhere else")
      .takes("FILE");
  creation.runs([&session, &exit, options] { exit = create(session, *options); });

  access.add("ls", "Every token that has not ended, without its secret").runs([&session, &exit] {
    exit = ask_and_show<ListAccessRequest, ListAccessReply>(
        session, admin_method<ListAccessRequest, ListAccessReply>("ListAccess"), {}, "AccessList",
        "cannot list the access tokens",
        [&](const ListAccessReply& reply) { return text_of(session, reply); });
  });

  const auto id = std::make_shared<std::string>();
  CommandSyntax revocation = access.add("revoke", "Make a token useless, and sign out who used it");
  revocation.option("id", *id, "As `access ls` shows it").takes("ID").required();
  revocation.runs([&session, &exit, id] { exit = revoke(session, *id); });
}

}  // namespace weir::cli
