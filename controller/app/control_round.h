#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "controller/app/control_plane.h"

namespace weir::controller {

/// A change of pins or guardrails that waits for its round, and who waits for it.
struct ControlPlane::Edit {
  Edit(const boost::asio::any_io_executor& executor, PinEdit of_pins, GuardrailEdit of_guardrails)
      : pins(std::move(of_pins)),
        guardrails(std::move(of_guardrails)),
        done(executor, 1, WhenFull::refuse) {}
  PinEdit pins;              // may be empty
  GuardrailEdit guardrails;  // may be empty
  BoundedQueue<Status> done;
};

/// What one round is about to write, and what becomes true once it is written.
struct ControlPlane::Round {
  PinBook pins;
  std::vector<WeightPin> expired;
  GuardrailBook guardrails;
  std::vector<GuardrailOverride> ended;
  std::vector<ServiceConfig> services;
  std::vector<std::shared_ptr<Edit>> edits;
  std::vector<std::pair<std::shared_ptr<Edit>, Error>> refused;
  std::map<AgentId, Endpoint> endpoints;
  std::optional<PublicationDraft> draft;
  Time begun{};    // to draft it
  Time guarded{};  // and the draft was there
  Transaction transaction;
};

}  // namespace weir::controller
