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
  std::string region;
  std::string cluster;
  std::string ttl;
  std::uint32_t uses = 1;
  std::string replaces;
  std::string out;
};

std::string told(const AdminSession& session, const CreateOptions& options, const Token& token) {
  const std::string file = options.out.empty() ? "FILE" : options.out;
  return fmt::format(
      "token {} for region {}, cluster {}: {} use{}, ends {}\n"
      "next: weir-agent join --token-file {} --config /etc/weir/agent.yaml\n",
      printable(token.id()), printable(token.region()), printable(token.cluster()),
      token.uses_left(), token.uses_left() == 1 ? "" : "s", session.when(token.expires_unix_ms()),
      printable(file));
}

Exit create(AdminSession& session, const CreateOptions& options) {
  const std::string failed = "cannot create a token";
  CreateTokenRequest request;
  request.set_region(options.region);
  request.set_cluster(options.cluster);
  request.set_uses(options.uses);
  request.set_replaces(options.replaces);
  const auto ttl = ttl_of(session, failed, options.ttl,
                          "weirctl mesh token create --region R --cluster C --ttl 10m");
  if (!ttl) return Exit::usage;
  request.set_ttl_s(*ttl);
  CreateTokenReply reply;
  const auto create = [&]() -> Status {
    auto made =
        session.ask(admin_method<CreateTokenRequest, CreateTokenReply>("CreateToken"), request);
    if (!made) return fail(made.error());
    reply = *std::move(made);
    return {};
  };
  return create_secret(
      session, {.failed = failed,
                .out = options.out,
                .create = create,
                .secret = [&reply]() -> std::string& { return *reply.mutable_secret(); },
                .revoke = [&reply] { return "weirctl mesh token revoke " + reply.token().id(); },
                .document = [&] { return document(session, "TokenCreated", reply); },
                .told = [&] { return told(session, options, reply.token()); }});
}

Tone tone_of(const std::string& state) { return state == "open" ? Tone::good : Tone::faint; }

std::string text_of(AdminSession& session, const ListTokensReply& reply) {
  Table table({{"TOKEN"},
               {"REGION"},
               {"CLUSTER"},
               {"STATE"},
               {"USES LEFT", Align::right},
               {"ENDS"},
               {"CREATED"},
               {"REDEEMED BY"}});
  for (const Token& token : reply.tokens()) {
    const std::vector<std::string> by(token.redeemed_by().begin(), token.redeemed_by().end());
    table.add({token.id(), token.region(), token.cluster(),
               Cell(token.state(), tone_of(token.state())), std::to_string(token.uses_left()),
               session.when(token.expires_unix_ms()), session.when(token.created_unix_ms()),
               by.empty() ? "-" : joined(by, ", ")});
  }
  return table_or(session, table, "No tokens.");
}

Exit revoke(AdminSession& session, const std::string& id) {
  RevokeTokenRequest request;
  request.set_id(id);
  const auto reply =
      session.ask(admin_method<RevokeTokenRequest, RevokeTokenReply>("RevokeToken"), request);
  if (!reply) {
    return session.fail_with("cannot revoke token " + id, reply.error(), "weirctl mesh token ls");
  }
  if (session.json()) {
    session.terminal().out << document(session, "TokenRevocation", *reply);
  } else {
    session.terminal().err << "revoked token " << printable(id) << "\n";
  }
  return Exit::ok;
}

}  // namespace

void add_mesh_token(CommandSyntax mesh, AdminSession& session, Exit& exit) {
  CommandSyntax token = mesh.add_group("token", "Join tokens");

  const auto options = std::make_shared<CreateOptions>();
  CommandSyntax creation = token.add(
      "create", "A token for one new agent; printed this once, alone, on standard output");
  creation.option("--region", options->region, "Where the agent will be")
      .takes("REGION")
      .required();
  creation.option("--cluster", options->cluster, "The cluster it speaks for")
      .takes("CLUSTER")
      .required();
  creation.option("--ttl", options->ttl, "How long it is good, such as 10m").takes("DURATION");
  creation.option("--uses", options->uses, "How many agents may join with it")
      .takes("COUNT")
      .between(1, 1000);
  creation
      .option("--replaces", options->replaces,
              "An agent whose machine or disk is gone: it leaves when the token is redeemed")
      .takes("AGENT");
  creation.option("--out", options->out, "Write it to a new file of mode 0600, and nowhere else")
      .takes("FILE");
  creation.runs([&session, &exit, options] { exit = create(session, *options); });

  token.add("ls", "Every token, without its secret").runs([&session, &exit] {
    exit = ask_and_show<ListTokensRequest, ListTokensReply>(
        session, admin_method<ListTokensRequest, ListTokensReply>("ListTokens"), {}, "TokenList",
        "cannot list the tokens",
        [&](const ListTokensReply& reply) { return text_of(session, reply); });
  });

  const auto id = std::make_shared<std::string>();
  CommandSyntax revocation = token.add("revoke", "Make a token useless");
  revocation.option("id", *id, "As `mesh token ls` shows it").takes("ID").required();
  revocation.runs([&session, &exit, id] { exit = revoke(session, *id); });
}

}  // namespace weir::cli
