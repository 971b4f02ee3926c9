#include "common/tunnel/session.h"

namespace weir {

Session::Session(const NoiseState::Keys& keys, bool initiator, IndexLease lease,
                 std::uint32_t remote, Time started, Time now)
    : initiator_(initiator),
      started_(started),
      created_(now),
      remote_(remote),
      lease_(std::move(lease)),
      sealer_(initiator ? keys.initiator : keys.responder),
      opener_(initiator ? keys.responder : keys.initiator) {
  lease_.promote(this);
}

void SessionSlots::add_initiated(std::unique_ptr<Session> session, bool yield) {
  if (next_ != nullptr && !yield) {
    previous_ = std::move(next_);  // they may send with it until ours is proven to them
  } else {
    previous_ = std::move(current_);
  }
  current_ = std::move(session);
}

void SessionSlots::add_answered(std::unique_ptr<Session> session) {
  next_ = std::move(session);
  previous_.reset();
}

bool SessionSlots::confirm(const Session* session) {
  if (session == nullptr || session != next_.get()) return false;
  previous_ = std::move(current_);
  current_ = std::move(next_);
  return true;
}

void SessionSlots::clear() {
  previous_.reset();
  current_.reset();
  next_.reset();
}

}  // namespace weir
