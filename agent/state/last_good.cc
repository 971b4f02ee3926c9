#include "agent/state/last_good.h"

#include <array>
#include <utility>

#include "agent/state/slot.h"
#include "common/model/codec.h"

namespace weir::agent {
namespace {

constexpr std::array<const char*, 2> k_files = {"revision.a", "revision.b"};

}  // namespace

LastGood::LastGood(StateDir directory, std::string mesh, AgentId agent)
    : directory_(std::move(directory)), mesh_(std::move(mesh)), agent_(std::move(agent)) {}

Result<LastGood::Found> LastGood::read_slot(const std::string& name) const {
  WEIR_ASSIGN(bytes, directory_.read(name, k_slot_header + k_slot_payload_max));
  WEIR_ASSIGN(slot, decode_slot(bytes));
  policy::v1::Revision message;
  if (!message.ParseFromArray(slot.payload.data(), static_cast<int>(slot.payload.size()))) {
    return fail(Code::data_loss, "the payload is not a revision");
  }
  WEIR_ASSIGN(revision, from_proto(message));
  if (revision.mesh != mesh_ || revision.self.agent != agent_) {
    return fail(Code::failed_precondition,
                "it belongs to " + revision.self.agent.value() + " of mesh " + revision.mesh);
  }
  return Found{slot.sequence, std::move(revision)};
}

LastGood::Loaded LastGood::load() {
  Loaded loaded;
  looked_ = true;
  for (int i = 0; i < 2; ++i) {
    const std::string name = k_files[static_cast<std::size_t>(i)];
    auto found = read_slot(name);
    if (!found) {
      if (found.error().code() != Code::not_found) {
        loaded.problems.push_back(name + ": " + found.error().message());
      }
      continue;
    }
    if (loaded.revision && found->sequence < newest_sequence_) continue;
    newest_sequence_ = found->sequence;
    next_slot_ = 1 - i;
    loaded.revision = std::move(found->revision);
  }
  return loaded;
}

Status LastGood::save(const Revision& revision) {
  if (!looked_) load();
  const std::string payload = to_proto(revision).SerializeAsString();
  if (payload.size() > k_slot_payload_max) {
    return fail(Code::resource_exhausted,
                "a revision of " + std::to_string(payload.size()) + " bytes is too long to keep");
  }
  const ByteVector bytes = encode_slot(newest_sequence_ + 1, as_bytes(payload));
  WEIR_TRY(directory_.replace(k_files[static_cast<std::size_t>(next_slot_)], bytes));
  ++newest_sequence_;
  next_slot_ = 1 - next_slot_;
  return {};
}

}  // namespace weir::agent
