#include "controller/trace/decision_traces.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"

namespace weir::controller {
namespace {

constexpr std::size_t k_text_max = 500;  // of what agents and policies say

std::string text_of(const RevisionId& id) {
  return std::to_string(id.epoch) + "." + std::to_string(id.generation);
}

template <typename Names>
std::vector<std::string> texts(const Names& names) {
  std::vector<std::string> out;
  for (const auto& name : names) out.emplace_back(name.value());
  return out;
}

std::int64_t number(std::size_t count) { return static_cast<std::int64_t>(count); }

}  // namespace

DecisionTraces::DecisionTraces(double sample, Rng rng, Sink sink)
    : sample_(sample), rng_(rng), sink_(std::move(sink)) {}

std::uint64_t DecisionTraces::fresh_id() {
  std::uint64_t id = 0;
  while (id == 0) id = rng_.next();
  return id;
}

/// A trace with the span of the whole, which ends when all of it is there.
Trace DecisionTraces::begin(const ServiceName& service, Time begin) {
  Trace trace{.id_high = fresh_id(), .id_low = fresh_id(), .spans = {}};
  add(trace, "decision", begin, begin, 0).attributes = {{"weir.service", service.value()}};
  return trace;
}

Span& DecisionTraces::add(Trace& trace, std::string_view name, Time begin, Time end,
                          std::uint64_t parent) {
  return trace.spans.emplace_back(
      Span{.id = fresh_id(), .parent = parent, .name = name, .begin = begin, .end = end});
}

void DecisionTraces::add_thought(Trace& trace, const Decision& decision) {
  const std::uint64_t whole = trace.spans.front().id;
  add(trace, "collect", decision.from, decision.until, whole);
  for (const Answer& answer : decision.answers) {
    Span& span = add(trace, "infer", answer.begin, answer.end, whole);
    span.attributes = {{"weir.policy", answer.policy}};
    span.problem = cut_text(answer.problem, k_text_max);
  }
}

// ---- what a policy thinks

void DecisionTraces::seen(const ServiceName& service, Time from, Time until) {
  Decisions& decisions = decisions_[service];
  tell_unchanged(service, decisions.older);
  decisions.older = std::move(decisions.newer);
  decisions.newer = {.from = from, .until = until, .answers = {}, .published = false};
}

void DecisionTraces::answered(const ServiceName& service, Answer answer) {
  const auto found = decisions_.find(service);
  if (found != decisions_.end()) found->second.newer.answers.push_back(std::move(answer));
}

void DecisionTraces::tell_unchanged(const ServiceName& service, const Decision& decision) {
  if (decision.published || decision.answers.empty() || !rng_.chance(sample_)) return;
  Trace trace = begin(service, decision.from);
  add_thought(trace, decision);
  Span& whole = trace.spans.front();
  whole.end = decision.answers.back().end;
  whole.attributes.push_back({"weir.policy", decision.answers.back().policy});
  whole.attributes.push_back({"weir.published", false});
  sink_(std::move(trace));
}

// ---- what becomes of it

/// The decision that it stems from; nullptr: no policy's.
DecisionTraces::Decision* DecisionTraces::behind(const Publication& made) {
  const auto found = decisions_.find(made.service);
  if (found == decisions_.end()) return nullptr;
  for (Decision* decision : {&found->second.newer, &found->second.older}) {
    if (decision->answers.empty()) continue;
    const Answer& last = decision->answers.back();
    if (last.policy == made.by && last.problem.empty()) return decision;
  }
  return nullptr;
}

void DecisionTraces::published(Publication made) {
  Decision* const thought = behind(made);
  if (thought != nullptr) {
    thought->published = true;
    if (thought->answers.back().cost_cut) made.guards.insert("cost_ceiling");
  }
  Trace trace = begin(made.service, thought == nullptr ? made.begin : thought->from);
  const std::uint64_t whole = trace.spans.front().id;
  if (thought != nullptr) add_thought(trace, *thought);
  const std::vector<std::string> guards(made.guards.begin(), made.guards.end());
  add(trace, "guard", made.begin, made.guarded, whole).attributes = {{"weir.guards", guards}};
  add(trace, "store", made.guarded, made.stored, whole);
  add(trace, "push", made.stored, made.pushed, whole).attributes = {
      {"weir.revision", text_of(made.id)},
      {"weir.agents", number(made.told.size())},
      {"weir.agents_absent", number(made.absent)}};
  auto& attributes = trace.spans.front().attributes;
  attributes.push_back({"weir.policy", made.by});
  attributes.push_back({"weir.published", true});
  attributes.push_back({"weir.revision", text_of(made.id)});
  attributes.push_back({"weir.changed_sources", texts(made.from)});
  attributes.push_back({"weir.guards", guards});
  awaited_ += made.told.size();
  const std::size_t push = trace.spans.size() - 1;
  open_.push_back({.trace = std::move(trace),
                   .push = push,
                   .pushed = made.pushed,
                   .id = made.id,
                   .awaited = std::move(made.told)});
  if (open_.back().awaited.empty()) finish(std::prev(open_.end()), made.pushed);
  while (awaited_ > k_awaited_max) finish(open_.begin(), made.pushed);
}

void DecisionTraces::add_apply(Open& open, const AgentId& agent, const RegionName& region, Time now,
                               std::string problem) {
  const Span& push = open.trace.spans[open.push];  // `add` moves it
  Span& span = add(open.trace, "apply", push.begin, now, push.id);
  span.attributes = {{"weir.agent", agent.value()}, {"weir.region", region.value()}};
  span.problem = std::move(problem);
}

void DecisionTraces::acknowledged(const AgentId& agent, const RevisionId& id,
                                  const std::string& problem, Time now) {
  for (auto next = open_.begin(); next != open_.end();) {
    const auto open = next++;
    if (id < open->id) continue;
    const auto waited = open->awaited.find(agent);
    if (waited == open->awaited.end()) continue;
    add_apply(*open, agent, waited->second, now, cut_text(problem, k_text_max));
    open->awaited.erase(waited);
    --awaited_;
    if (open->awaited.empty()) finish(open, now);
  }
}

void DecisionTraces::give_up(Time now) {
  while (!open_.empty() && now - open_.front().pushed >= k_patience) finish(open_.begin(), now);
}

void DecisionTraces::finish(std::list<Open>::iterator open, Time now) {
  for (const auto& [agent, region] : open->awaited) {
    add_apply(*open, agent, region, now, "no answer yet");
  }
  awaited_ -= open->awaited.size();
  Span& push = open->trace.spans[open->push];
  push.end = std::max(push.end, now);
  open->trace.spans.front().end = push.end;
  sink_(std::move(open->trace));
  open_.erase(open);
}

}  // namespace weir::controller
