// weirctl guardrails: the limits policies have to keep.

#include <fmt/format.h>

#include <utility>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/guardrail_plan.h"
#include "cli/command/show.h"
#include "cli/command/ttl_option.h"
#include "cli/render/units.h"
#include "common/model/guardrail.h"

namespace weir::cli {

namespace {

using ChangeMethod = UnaryMethod<ChangeGuardrailRequest, ChangeGuardrailReply>;

std::string clips_of(const admin::v1::Guardrail& row, std::int64_t now_ms) {
  if (!row.has_clipped()) return "-";
  if (row.clipped() == 0) return "0";
  return fmt::format("{} in {}", row.clipped(), show_span(now_ms - row.clipped_since_unix_ms()));
}

std::string table_of(AdminSession& session, const ListGuardrailsReply& reply) {
  std::vector<Column> titles{{"SERVICE"}, {"GUARDRAIL"}, {"CONFIGURED"}, {"NOW"},
                             {"CLIPPED"}, {"SET BY"},    {"ENDS"}};
  if (session.wide()) titles.insert(titles.end(), {{"SET"}, {"NOTE"}});
  Table table(std::move(titles));
  const std::int64_t now = session.now_ms();
  for (const admin::v1::Guardrail& row : reply.guardrails()) {
    const bool set = !row.by().empty();
    std::vector<Cell> cells{
        row.service(),
        row.name(),
        row.configured(),
        set ? Cell(row.value(), Tone::warn) : Cell(row.value()),
        clips_of(row, now),
        set ? row.by() : "configuration",
        set && row.expires_unix_ms() != 0 ? session.when(row.expires_unix_ms()) : "-"};
    if (session.wide()) {
      cells.insert(cells.end(), {Cell(set ? session.when(row.since_unix_ms()) : "-"),
                                 Cell(!row.note().empty() ? row.note()
                                      : row.fixed()       ? "said by the configuration alone"
                                                          : "-")});
    }
    table.add(std::move(cells));
  }
  std::string all =
      table_or(session, table, "No services: they are listed in the controller's file.");
  for (const admin::v1::Guardrail& row : reply.guardrails()) {
    if (row.note().empty() || session.wide()) continue;
    all += fmt::format("{} {}: {}\n", printable(row.service()), printable(row.name()),
                       printable(row.note()));
  }
  return all;
}

struct ChangeOptions {
  std::string name;
  std::string value;
  std::string service;
  std::string ttl;
  bool dry_run = false;
  bool yes = false;
};

std::string plan_of(AdminSession& session, const ChangeGuardrailReply& plan) {
  Table table({{"SERVICE"}, {"GUARDRAIL"}, {"CONFIGURED"}, {"NOW"}, {"THEN"}, {"POLICIES GET"}});
  for (const GuardrailMove& move : plan.moves()) {
    table.add({move.service(), move.name(), move.configured(), move.before(), move.after(),
               move.loosens()                  ? Cell("more room", Tone::warn)
               : move.before() == move.after() ? Cell("the same", Tone::faint)
                                               : Cell("less room", Tone::good)});
  }
  return table_or(session, table, "Nothing changes.");
}

Exit change(AdminSession& session, const ChangeOptions& options) {
  const bool set = !options.value.empty();
  const std::string where = options.service.empty() ? "every service" : options.service;
  const std::string failed =
      (set ? "cannot set " : "cannot unset ") + options.name + " of " + where;
  ChangeGuardrailRequest request;
  request.set_name(options.name);
  request.set_service(options.service);
  request.set_value(options.value);
  const auto ttl =
      ttl_of(session, failed, options.ttl, "weirctl guardrails set NAME VALUE --ttl 1h");
  if (!ttl) return Exit::usage;
  request.set_ttl_s(*ttl);
  const auto plan = plan_guardrail(session, request);
  if (!plan) return session.fail_with(failed, plan.error(), "weirctl guardrails status");
  const std::function<std::string(const ChangeGuardrailReply&)> as_plan =
      [&session](const ChangeGuardrailReply& reply) { return plan_of(session, reply); };
  if (options.dry_run) {
    show<ChangeGuardrailReply>(session, "GuardrailPlan", *plan, as_plan);
    if (!session.json()) session.terminal().err << "dry run, nothing was changed\n";
    return Exit::ok;
  }
  session.terminal().err << plan_of(session, *plan);
  if (!session.agree("Apply?", options.yes)) return Exit::refused;
  const auto done = change_guardrail(session, request, *plan);
  if (!done) return session.fail_with(failed, done.error(), "weirctl guardrails status");
  show<ChangeGuardrailReply>(session, "GuardrailChange", *done,
                             [&](const ChangeGuardrailReply& reply) {
                               return fmt::format("{}: revision {}.{}\n", set ? "set" : "unset",
                                                  reply.epoch(), reply.generation());
                             });
  if (set && !session.json()) {
    session.terminal().err << "undo: weirctl guardrails unset " << printable(options.name)
                           << (options.service.empty() ? ""
                                                       : " --service " + printable(options.service))
                           << " --yes\n";
  }
  return Exit::ok;
}

void add_change(CommandSyntax& command, const std::shared_ptr<ChangeOptions>& options) {
  command.option("--service", options->service, "NAMESPACE/NAME; without it, every service")
      .takes("SERVICE");
  command.flag("--dry-run", options->dry_run, "Show what would change, and change nothing");
  command.flag("-y,--yes", options->yes, "Do not ask");
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const weir::Guardrail& one : weir::guardrails()) all.emplace_back(one.name);
  return all;
}

}  // namespace

Result<ChangeGuardrailReply> plan_guardrail(AdminSession& session, ChangeGuardrailRequest request) {
  request.set_dry_run(true);
  return session.ask(ChangeMethod("weir.admin.v1.Admin.TightenGuardrail"), request);
}

Result<ChangeGuardrailReply> change_guardrail(AdminSession& session, ChangeGuardrailRequest request,
                                              const ChangeGuardrailReply& plan) {
  request.set_dry_run(false);
  const char* method = plan.loosens() ? "ChangeGuardrail" : "TightenGuardrail";
  return session.ask(admin_method<ChangeGuardrailRequest, ChangeGuardrailReply>(method), request);
}

void add_guardrails(CommandSyntax program, AdminSession& session, Exit& exit) {
  CommandSyntax group = program.add_group("guardrails", "Limits that policies have to keep");

  struct Looking {
    std::string service;
    std::string name;
  };
  const auto looking = std::make_shared<Looking>();
  CommandSyntax status =
      group.add("status", "Each limit: as configured, now, and how often it clipped a decision");
  status.option("name", looking->name, "One of them").takes("GUARDRAIL");
  status.option("--service", looking->service, "NAMESPACE/NAME; without it, every service")
      .takes("SERVICE");
  status.runs([&session, &exit, looking] {
    ListGuardrailsRequest request;
    request.set_service(looking->service);
    request.set_name(looking->name);
    exit = ask_and_show<ListGuardrailsRequest, ListGuardrailsReply>(
        session, admin_method<ListGuardrailsRequest, ListGuardrailsReply>("ListGuardrails"),
        request, "GuardrailList", "cannot list the guardrails",
        [&](const ListGuardrailsReply& reply) { return table_of(session, reply); });
  });

  const auto setting = std::make_shared<ChangeOptions>();
  CommandSyntax set =
      group.add("set", "Move a limit at run time: less room takes role operator, more room admin");
  set.option("name", setting->name, "Which limit").one_of(names()).required();
  set.option("value", setting->value, "As in the configuration: 0.05, 15m")
      .takes("VALUE")
      .required();
  add_change(set, setting);
  set.option("--ttl", setting->ttl, "Then as configured again, such as 1h; without it, until unset")
      .takes("DURATION");
  set.runs([&session, &exit, setting] { exit = change(session, *setting); });

  const auto unsetting = std::make_shared<ChangeOptions>();
  CommandSyntax unset = group.add("unset", "As the configuration says again");
  unset.option("name", unsetting->name, "Which limit").one_of(names()).required();
  add_change(unset, unsetting);
  unset.runs([&session, &exit, unsetting] { exit = change(session, *unsetting); });
}

}  // namespace weir::cli
