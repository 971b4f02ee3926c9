#include <fmt/format.h>

#include <fstream>
#include <limits>
#include <sstream>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/pin_plan.h"
#include "cli/command/policy_past.h"
#include "cli/command/show.h"
#include "cli/render/units.h"

namespace weir::cli {

namespace {

std::string share_or_dash(double part, double whole) {
  return whole >= 1
             ? show_share(static_cast<std::uint32_t>(1e6 * std::min(part / whole, 1.0) + 0.5))
             : "-";
}

Cell steering_of(const PolicyStatus& policy) {
  if (policy.mode() == "static") return {"the configured weights", Tone::plain};
  if (policy.steering().empty()) return {"waits for reports", Tone::warn};
  const bool fallen = policy.steering() != policy.policy();
  return {policy.steering(), fallen ? Tone::warn : Tone::good};
}

std::string table_of(AdminSession& session, const ListPoliciesReply& reply) {
  Table table({{"SERVICE"},
               {"MODE"},
               {"POLICY"},
               {"GOAL"},
               {"STEERS"},
               {"IN OBJECTIVE", Align::right},
               {"EXPECTED", Align::right},
               {"FALLS", Align::right},
               {"WISHES", Align::right},
               {"SET BY"}});
  for (const PolicyStatus& policy : reply.policies()) {
    table.add({policy.service(), policy.mode(), policy.policy(), policy.goal(), steering_of(policy),
               share_or_dash(policy.in_objective(), policy.ended()),
               share_or_dash(policy.expected_in_objective(), policy.ended()),
               std::to_string(policy.falls()), std::to_string(policy.wishes_size()),
               policy.mode_by().empty() ? "configuration" : policy.mode_by()});
  }
  return table_or(session, table, "No services: they are listed in the controller's file.");
}

/// What its requests cost between regions, where that is priced.
std::string cost_of(const PolicyStatus& policy) {
  if (policy.cost_per_hour() <= 0 && policy.max_cost_per_hour() <= 0) return {};
  std::string line = fmt::format("\n{}: {} an hour between regions", printable(policy.service()),
                                 show_money(policy.cost_per_hour()));
  if (policy.max_cost_per_hour() > 0) {
    line += fmt::format(", at most {}", show_money(policy.max_cost_per_hour()));
  }
  if (!policy.cost_cut().empty()) {
    line += "; the last wish was cut to " + printable(policy.cost_cut());
  }
  return line + "\n";
}

std::string misses_of(const SeenRequests& seen) {
  return share_or_dash(static_cast<double>(seen.ended() - seen.in_objective()),
                       static_cast<double>(seen.ended()));
}

/// How far a promoted checkpoint has come, and how it does.
std::string words_of(const RolloutStatus& rollout) {
  std::string all = fmt::format("checkpoint {}, promoted by {}: {}", printable(rollout.name()),
                                printable(rollout.by()), printable(rollout.stage()));
  if (!rollout.why().empty()) all += ", " + printable(rollout.why());
  const bool under_way =
      rollout.stage() == "shadow" || rollout.stage() == "canary" || rollout.stage() == "everywhere";
  if (under_way) all += fmt::format(", for another {}", show_span(rollout.left_s() * 1000LL));
  if (rollout.canaries_size() > 0) {
    std::vector<std::string> names;
    for (const std::string& name : rollout.canaries()) names.push_back(printable(name));
    all += " at " + joined(names, ", ");
  }
  all += "\n";
  if (rollout.candidate().ended() > 0) {
    all += fmt::format("  misses {} of {} requests, {} before\n", misses_of(rollout.candidate()),
                       rollout.candidate().ended(), misses_of(rollout.before()));
  }
  if (rollout.stage() == "canary" && rollout.control().ended() > 0) {
    all += fmt::format("  the others {} of {}, {} before\n", misses_of(rollout.control()),
                       rollout.control().ended(), misses_of(rollout.control_before()));
  }
  return all;
}

std::string status_of(AdminSession& session, const ListPoliciesReply& reply) {
  std::string all = table_of(session, reply);
  return reply.has_rollout() ? all + "\n" + words_of(reply.rollout()) : all;
}

/// What the policy would change, and why, for each service.
std::string report_of(AdminSession& session, const ListPoliciesReply& reply) {
  std::string all = status_of(session, reply);
  for (const PolicyStatus& policy : reply.policies()) {
    all += cost_of(policy);
    if (!policy.last_fall().empty()) {
      all += fmt::format("\n{}: last fall: {}\n", printable(policy.service()),
                         printable(policy.last_fall()));
    }
    for (const PolicyWish& wish : policy.wishes()) {
      all += fmt::format("\n{} from {} wishes {}\n", printable(policy.service()),
                         printable(wish.from_region()), weights_in_words(wish.weights()));
      for (const Reason& reason : wish.reasons()) all += "  " + in_words(reason) + "\n";
    }
  }
  return all;
}

constexpr Listing<ListPoliciesRequest, ListPoliciesReply> k_list{
    "ListPolicies", "WatchPolicies", "PolicyList", "cannot list the policies"};

struct ModeOptions {
  std::string service;
  std::string mode;
  bool yes = false;
};

Exit set_mode(AdminSession& session, const ModeOptions& options) {
  const bool moves = options.mode == "auto" || options.mode == "static" || options.mode == "config";
  if (moves && !session.agree("Mode " + printable(options.mode) + " for " +
                                  printable(options.service) + ": its weights may change. Set it?",
                              options.yes)) {
    return Exit::refused;
  }
  SetPolicyModeRequest request;
  request.set_service(options.service);
  if (options.mode != "config") request.set_mode(options.mode);
  return ask_and_show<SetPolicyModeRequest, SetPolicyModeReply>(
      session, admin_method<SetPolicyModeRequest, SetPolicyModeReply>("SetPolicyMode"), request,
      "PolicyMode", "cannot set the mode of " + options.service,
      [](const SetPolicyModeReply& done) {
        return fmt::format("{}: mode {}\n", printable(done.policy().service()),
                           printable(done.policy().mode()));
      });
}

struct ConfirmOptions {
  std::string service;
  bool yes = false;
};

/// What is wished first, then the question, then the change.
Exit confirm(AdminSession& session, const ConfirmOptions& options) {
  const std::string failed = "cannot confirm what the policy of " + options.service + " wishes";
  ListPoliciesRequest looking;
  looking.set_service(options.service);
  const auto seen =
      session.ask(admin_method<ListPoliciesRequest, ListPoliciesReply>("ListPolicies"), looking);
  if (!seen) return session.fail_with(failed, seen.error(), "weirctl services ls");
  session.terminal().err << report_of(session, *seen);
  if (!session.agree("Apply?", options.yes)) return Exit::refused;
  ConfirmPolicyRequest request;
  request.set_service(options.service);
  return ask_and_show<ConfirmPolicyRequest, ConfirmPolicyReply>(
      session, admin_method<ConfirmPolicyRequest, ConfirmPolicyReply>("ConfirmPolicy"), request,
      "PolicyConfirmation", failed, [](const ConfirmPolicyReply& done) {
        return fmt::format("applied: revision {}.{}\n", done.epoch(), done.generation());
      });
}

struct PromoteOptions {
  std::string file;
  bool next = false;
  bool withdraw = false;
  bool yes = false;
};

Exit send_rollout(AdminSession& session, const PromotePolicyRequest& request,
                  const std::string& failed) {
  return ask_and_show<PromotePolicyRequest, PromotePolicyReply>(
      session, admin_method<PromotePolicyRequest, PromotePolicyReply>("PromotePolicy"), request,
      "Rollout", failed, [](const PromotePolicyReply& done) { return words_of(done.rollout()); });
}

Exit promote(AdminSession& session, const PromoteOptions& options) {
  const int asked =
      (options.file.empty() ? 0 : 1) + (options.next ? 1 : 0) + (options.withdraw ? 1 : 0);
  if (asked != 1) {
    return session.fail_with(Exit::usage, "cannot tell what to promote",
                             "exactly one of FILE, --next and --withdraw is needed",
                             "weirctl policy promote weights.ckpt");
  }
  PromotePolicyRequest request;
  request.set_action(options.next ? "advance" : options.withdraw ? "withdraw" : "begin");
  std::string question = "The promoted checkpoint comes to its next stage now. Go on?";
  if (!options.file.empty()) {
    std::ifstream stream(options.file, std::ios::binary);
    std::stringstream bytes;
    if (!stream || !(bytes << stream.rdbuf())) {
      return session.fail_with(Exit::usage, "cannot promote " + printable(options.file),
                               "the file cannot be read", "ls -l " + printable(options.file));
    }
    request.set_checkpoint(std::move(bytes).str());
    question = printable(options.file) +
               " is asked in shadow first, then steers one service in twenty, then all; it is "
               "withdrawn when it does worse. Promote it?";
  }
  if (!options.withdraw && !session.agree(question, options.yes)) return Exit::refused;
  return send_rollout(session, request,
                      options.file.empty() ? "cannot change the rollout"
                                           : "cannot promote " + printable(options.file));
}

struct RollbackOptions {
  std::string service;
  std::uint64_t generation = 0;
  std::string ttl;
  bool dry_run = false;
  bool yes = false;
  bool freeze = false;
};

std::string moves_in_words(const RollbackWeightsReply& plan) {
  std::string all;
  for (const WeightMove& move : plan.moves()) {
    all += fmt::format("from {}: {}\n", printable(move.from_region()),
                       change_in_words(move.before(), move.after()));
    for (const std::string& guard : move.guards()) all += "  guard: " + printable(guard) + "\n";
  }
  return all;
}

Exit rollback(AdminSession& session, const RollbackOptions& options) {
  const std::string failed = options.freeze ? "cannot freeze " + options.service
                                            : "cannot roll " + options.service + " back";
  RollbackWeightsRequest request;
  request.set_service(options.service);
  request.set_generation(options.generation);
  request.set_freeze(options.freeze);
  request.set_dry_run(true);
  if (!options.ttl.empty()) {
    const auto ttl = parse_span(options.ttl);
    if (!ttl || ttl->count() > std::numeric_limits<std::uint32_t>::max()) {
      return session.fail_with(Exit::usage, failed,
                               ttl ? "--ttl is too long" : ttl.error().message(),
                               "weirctl policy rollback SERVICE --ttl 1h");
    }
    request.set_ttl_s(static_cast<std::uint32_t>(ttl->count()));
  }
  const auto method = admin_method<RollbackWeightsRequest, RollbackWeightsReply>("RollbackWeights");
  const auto plan = session.ask(method, request);
  if (!plan) {
    return session.fail_with(failed, plan.error(),
                             "weirctl weights explain " + options.service + " --from REGION");
  }
  if (options.dry_run) {
    show<RollbackWeightsReply>(session, "RollbackPlan", *plan, moves_in_words);
    if (!session.json()) session.terminal().err << "dry run, nothing was changed\n";
    return Exit::ok;
  }
  session.terminal().err << moves_in_words(*plan);
  if (!session.agree("Pin these weights?", options.yes)) return Exit::refused;
  request.set_dry_run(false);
  return ask_and_show<RollbackWeightsRequest, RollbackWeightsReply>(
      session, method, request, "Rollback", failed, [&](const RollbackWeightsReply& done) {
        return fmt::format("{} pinned: revision {}.{}\nundo: weirctl weights unpin {}\n",
                           options.freeze ? "frozen:" : "rolled back and", done.epoch(),
                           done.generation(), printable(options.service));
      });
}

}  // namespace

void add_policy(CommandSyntax program, AdminSession& session, Exit& exit) {
  CommandSyntax policy = program.add_group("policy", "What steers the weights");

  struct LookOptions {
    std::string service;
    bool watch = false;
    std::string since;
  };
  const auto looking = std::make_shared<LookOptions>();
  CommandSyntax status = policy.add("status", "Mode, policy and how it does, by service");
  status.option("service", looking->service, "NAMESPACE/NAME; without it, all").takes("SERVICE");
  status.flag("-w,--watch", looking->watch, "Follow every change");
  status.runs([&session, &exit, looking] {
    ListPoliciesRequest request;
    request.set_service(looking->service);
    exit = k_list.show(session, looking->watch, request,
                       [&](const ListPoliciesReply& reply) { return status_of(session, reply); });
  });

  const auto reporting = std::make_shared<LookOptions>();
  CommandSyntax report =
      policy.add("report", "What it would change now, and why; or what its changes came to");
  report.option("service", reporting->service, "NAMESPACE/NAME; without it, all").takes("SERVICE");
  report
      .option("--since", reporting->since,
              "What its changes came to since then: 24h (ago) or 2026-11-23T07:03:29Z")
      .takes("MOMENT");
  report.runs([&session, &exit, reporting] {
    if (!reporting->since.empty()) {
      exit = report_since(session, reporting->service, reporting->since);
      return;
    }
    ListPoliciesRequest request;
    request.set_service(reporting->service);
    exit = k_list.show(session, false, request,
                       [&](const ListPoliciesReply& reply) { return report_of(session, reply); });
  });

  const auto setting = std::make_shared<ModeOptions>();
  CommandSyntax mode = policy.add("mode", "Set the mode: static, shadow, assist, auto, config");
  mode.option("mode", setting->mode, "config: as the configuration says").required();
  mode.option("--service", setting->service, "NAMESPACE/NAME").takes("SERVICE").required();
  mode.flag("-y,--yes", setting->yes, "Do not ask");
  mode.runs([&session, &exit, setting] { exit = set_mode(session, *setting); });

  const auto confirming = std::make_shared<ConfirmOptions>();
  CommandSyntax yes = policy.add("confirm", "In mode assist: apply what the policy wishes now");
  yes.option("service", confirming->service, "NAMESPACE/NAME").takes("SERVICE").required();
  yes.flag("-y,--yes", confirming->yes, "Do not ask");
  yes.runs([&session, &exit, confirming] { exit = confirm(session, *confirming); });

  const auto promoting = std::make_shared<PromoteOptions>();
  CommandSyntax further = policy.add(
      "promote", "Roll a trained checkpoint out: shadow, one service in twenty, all; asks first");
  further.option("file", promoting->file, "A checkpoint of weir-policy train").takes("FILE");
  further.flag("--next", promoting->next, "The one under way comes to its next stage now");
  further.flag("--withdraw", promoting->withdraw, "The one under way steers nothing any more");
  further.flag("-y,--yes", promoting->yes, "Do not ask");
  further.runs([&session, &exit, promoting] { exit = promote(session, *promoting); });

  const auto back = std::make_shared<RollbackOptions>();
  CommandSyntax undo =
      policy.add("rollback", "Pin the weights as they were; shows the plan and asks first");
  undo.option("service", back->service, "NAMESPACE/NAME").takes("SERVICE").required();
  undo.option("--to-revision", back->generation, "Generation; without it, before the last change")
      .takes("GENERATION");
  undo.option("--ttl", back->ttl, "Unpin by itself after, such as 1h").takes("DURATION");
  undo.flag("--dry-run", back->dry_run, "Show the plan and stop");
  undo.flag("-y,--yes", back->yes, "Do not ask");
  undo.runs([&session, &exit, back] { exit = rollback(session, *back); });

  const auto freezing = std::make_shared<RollbackOptions>();
  freezing->freeze = true;
  CommandSyntax hold =
      policy.add("freeze", "Pin the weights as they are now; shows the plan and asks first");
  hold.option("service", freezing->service, "NAMESPACE/NAME").takes("SERVICE").required();
  hold.option("--ttl", freezing->ttl, "Unpin by itself after, such as 1h").takes("DURATION");
  hold.flag("--dry-run", freezing->dry_run, "Show the plan and stop");
  hold.flag("-y,--yes", freezing->yes, "Do not ask");
  hold.runs([&session, &exit, freezing] { exit = rollback(session, *freezing); });
}

}  // namespace weir::cli
