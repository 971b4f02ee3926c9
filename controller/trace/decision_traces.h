#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/model/revision.h"
#include "common/sim/rng.h"
#include "controller/trace/span.h"

namespace weir::controller {

/// Makes traces of what the controller decides. Pure; core thread.
///
///   seen ─▶ answered (each policy asked) ─▶ published ─▶ acknowledged by each agent ─▶ a trace
///             └─ nothing was published until the `seen` after the next ─▶ a trace, of a sample
///
///   decision           all of it
///   ├ collect          the time of which agents' reports were looked at
///   ├ infer            one policy was asked; another one when it fell
///   ├ guard            what is wished, cut to what the guards permit
///   ├ store            until it was on the disk
///   └ push             until the last agent had answered
///     └ apply          one agent, until its answer was here
///
/// A change that no policy wished (a pin, the configuration) begins with `guard`. An agent that has
/// not answered after `k_patience` is given up.
class DecisionTraces {
 public:
  static constexpr std::chrono::seconds k_patience{10};
  static constexpr std::size_t k_awaited_max = 20'000;  // answers, of all open traces

  using Sink = std::function<void(Trace)>;

  /// `sample`: which share of decisions that changed nothing is traced, from 0 to 1.
  DecisionTraces(double sample, Rng rng, Sink sink);

  /// A policy is about to be asked about what was reported from `from` to `until`.
  void seen(const ServiceName& service, Time from, Time until);

  struct Answer {
    std::string policy;
    Time begin{};
    Time end{};
    bool cost_cut = false;     // the ceiling on cost changed what it wished
    std::string problem = {};  // why it fell; empty: it answered
  };
  void answered(const ServiceName& service, Answer answer);

  /// A change of one service's weights that is on the disk and has been sent.
  struct Publication {
    ServiceName service;
    std::string by;  // equals the policy's name: it stems from the last answer
    RevisionId id;
    std::set<RegionName> from;     // whose weights are new
    std::set<std::string> guards;  // rules that changed what was wished
    std::map<AgentId, RegionName> told;
    std::size_t absent = 0;  // agents that will be told when they are back
    Time begin{};
    Time guarded{};
    Time stored{};
    Time pushed{};
  };
  void published(Publication publication);

  /// `problem` empty: the agent has `id` in force.
  void acknowledged(const AgentId& agent, const RevisionId& id, const std::string& problem,
                    Time now);
  /// At least each second.
  void give_up(Time now);

 private:
  struct Decision {
    Time from{};
    Time until{};
    std::vector<Answer> answers;
    bool published = false;
  };
  /// Until the newer one is answered, what is published still stems from the older one.
  struct Decisions {
    Decision older;
    Decision newer;
  };
  struct Open {
    Trace trace;
    std::size_t push = 0;  // its place in the trace
    Time pushed{};
    RevisionId id;
    std::map<AgentId, RegionName> awaited;
  };

  Trace begin(const ServiceName& service, Time begin);
  Span& add(Trace& trace, std::string_view name, Time begin, Time end, std::uint64_t parent);
  void add_thought(Trace& trace, const Decision& decision);
  void add_apply(Open& open, const AgentId& agent, const RegionName& region, Time now,
                 std::string problem);
  void finish(std::list<Open>::iterator open, Time now);
  Decision* behind(const Publication& made);
  void tell_unchanged(const ServiceName& service, const Decision& decision);
  std::uint64_t fresh_id();

  const double sample_;
  Rng rng_;
  const Sink sink_;
  std::map<ServiceName, Decisions> decisions_;
  std::list<Open> open_;     // oldest first
  std::size_t awaited_ = 0;  // answers, of all of them
};

}  // namespace weir::controller
