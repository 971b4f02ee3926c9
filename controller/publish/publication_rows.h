#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "controller/publish/publisher.h"
#include "controller/store/store.h"

namespace weir::controller {

// How publications, pins and seen endpoints lie in the store. Pure.
//
//   publish/state                              the whole PublicationState
//   publish/change/<epoch><generation>/<service>/<source>   one WeightChange, hex, so the newest
//   are last publish/pin/<service>/<source>             one WeightPin publish/endpoint/<agent>
//   where an agent was last seen

inline constexpr std::string_view k_publish_state_row = "publish/state";
inline constexpr std::string_view k_change_rows = "publish/change/";
inline constexpr std::string_view k_pin_rows = "publish/pin/";
inline constexpr std::string_view k_endpoint_rows = "publish/endpoint/";

std::string change_row_key(const WeightChange& change);
std::string pin_row_key(const ServiceName& service, const RegionName& from);
std::string endpoint_row_key(const AgentId& agent);

std::string encode_state(const PublicationState& state);
std::string encode_change(const WeightChange& change);
std::string encode_pin(const WeightPin& pin);
std::string encode_endpoint(const AgentId& agent, const Endpoint& endpoint);

// Errors of all: data_loss (not such a row).
Result<PublicationState> decode_state(std::string_view row);
Result<WeightChange> decode_change(std::string_view row);
Result<WeightPin> decode_pin(std::string_view row);
Result<std::pair<AgentId, Endpoint>> decode_endpoint(std::string_view row);

/// How many changes of weights are kept to be explained.
inline constexpr std::size_t k_changes_kept = 1000;

/// Adds the writes that make `draft` durable.
void add_draft(const PublicationDraft& draft, Transaction& transaction);

}  // namespace weir::controller
