#include <fmt/format.h>

#include <limits>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/pin_plan.h"
#include "cli/command/show.h"
#include "cli/render/units.h"

namespace weir::cli {

namespace {

struct PinOptions {
  std::string service;
  std::string from;
  std::vector<std::string> weights;
  std::string ttl;
  bool dry_run = false;
  bool yes = false;
};

Result<PinWeightsRequest> request_of(const PinOptions& options) {
  PinWeightsRequest request;
  request.set_service(options.service);
  request.set_from_region(options.from);
  WEIR_ASSIGN(weights, parse_weights(options.weights));
  for (auto& weight : weights) *request.add_weights() = std::move(weight);
  if (options.ttl.empty()) return request;
  WEIR_ASSIGN(ttl, parse_span(options.ttl));
  if (ttl.count() > std::numeric_limits<std::uint32_t>::max()) {
    return fail(Code::invalid_argument, "--ttl is too long");
  }
  request.set_ttl_s(static_cast<std::uint32_t>(ttl.count()));
  return request;
}

Exit apply(AdminSession& session, const PinWeightsRequest& request) {
  const auto reply =
      session.ask(admin_method<PinWeightsRequest, PinWeightsReply>("PinWeights"), request);
  if (!reply) return session.fail_with("cannot pin " + request.service(), reply.error());
  show<PinWeightsReply>(session, "WeightPin", *reply, [&](const PinWeightsReply& done) {
    return fmt::format("pinned: revision {}.{}\n", done.epoch(), done.generation());
  });
  if (!session.json()) {
    session.terminal().err << fmt::format("undo: weirctl weights unpin {} --from {} --yes\n",
                                          printable(request.service()),
                                          printable(request.from_region()));
  }
  return Exit::ok;
}

/// The plan first, then the question, then the change.
Exit pin(AdminSession& session, const PinOptions& options) {
  auto request = request_of(options);
  if (!request) {
    return session.fail_with(Exit::usage, "cannot pin " + options.service,
                             request.error().message(),
                             "weirctl weights pin SERVICE --from REGION us-east-1=70,eu-west-1=30");
  }
  request->set_dry_run(true);
  const auto plan =
      session.ask(admin_method<PinWeightsRequest, PinWeightsReply>("PinWeights"), *request);
  if (!plan) {
    return session.fail_with("cannot pin " + options.service, plan.error(),
                             "weirctl weights get " + options.service);
  }
  const std::string words = plan_of(*request, *plan, session.terminal().colour);
  if (options.dry_run) {
    show<PinWeightsReply>(session, "WeightPinPlan", *plan,
                          [&](const PinWeightsReply&) { return words; });
    if (!session.json()) session.terminal().err << "dry run, nothing was changed\n";
    return Exit::ok;
  }
  session.terminal().err << words;
  if (!session.agree("Apply?", options.yes)) return Exit::refused;
  request->set_dry_run(false);
  return apply(session, *request);
}

struct UnpinOptions {
  std::string service;
  std::string from;
  bool yes = false;
};

Exit unpin(AdminSession& session, const UnpinOptions& options) {
  const std::string where = options.from.empty() ? "" : " from " + printable(options.from);
  if (!session.agree(
          "Give the weights of " + printable(options.service) + where + " back to the policy?",
          options.yes)) {
    return Exit::refused;
  }
  UnpinWeightsRequest request;
  request.set_service(options.service);
  request.set_from_region(options.from);
  return ask_and_show<UnpinWeightsRequest, UnpinWeightsReply>(
      session, admin_method<UnpinWeightsRequest, UnpinWeightsReply>("UnpinWeights"), request,
      "WeightUnpin", "cannot unpin " + options.service, [](const UnpinWeightsReply& done) {
        return fmt::format("unpinned: revision {}.{}\n", done.epoch(), done.generation());
      });
}

}  // namespace

void add_weights_pin(CommandSyntax weights, AdminSession& session, Exit& exit) {
  const auto options = std::make_shared<PinOptions>();
  CommandSyntax pinning = weights.add("pin", "Hold weights by hand; shows the plan and asks first");
  pinning.option("service", options->service, "NAMESPACE/NAME").takes("SERVICE").required();
  pinning.option("weights", options->weights, "REGION=WEIGHT,REGION=WEIGHT")
      .takes("REGION=WEIGHT")
      .required();
  pinning.option("--from", options->from, "Requests that start in this region")
      .takes("REGION")
      .required();
  pinning.option("--ttl", options->ttl, "Unpin by itself after, such as 1h").takes("DURATION");
  pinning.flag("--dry-run", options->dry_run, "Show the plan and stop");
  pinning.flag("-y,--yes", options->yes, "Do not ask");
  pinning.runs([&session, &exit, options] { exit = pin(session, *options); });

  const auto undoing = std::make_shared<UnpinOptions>();
  CommandSyntax unpinning = weights.add("unpin", "Give the weights back to the policy");
  unpinning.option("service", undoing->service, "NAMESPACE/NAME").takes("SERVICE").required();
  unpinning.option("--from", undoing->from, "Requests that start in this region; without it, all")
      .takes("REGION");
  unpinning.flag("-y,--yes", undoing->yes, "Do not ask");
  unpinning.runs([&session, &exit, undoing] { exit = unpin(session, *undoing); });
}

}  // namespace weir::cli
