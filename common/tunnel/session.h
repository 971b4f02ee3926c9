#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "common/aead/packet_keys.h"
#include "common/base/time.h"
#include "common/tunnel/index_table.h"
#include "common/tunnel/noise.h"
#include "common/tunnel/replay_window.h"

namespace weir {

// The whitepaper's limits on one session, section 6.1.
inline constexpr std::uint64_t k_rekey_after_messages = std::uint64_t{1} << 60;
inline constexpr std::uint64_t k_reject_after_messages = UINT64_MAX - ReplayWindow::k_bits;
inline constexpr Duration k_rekey_after_time = std::chrono::seconds(120);
inline constexpr Duration k_reject_after_time = std::chrono::seconds(180);

/// One pair of transport keys and everything that ends with it. Keys are wiped when it is
/// destroyed.
class Session {
 public:
  /// `remote` is the index the other end wants to be called by; `started` is when the initiation
  /// was sent or, as responder, now.
  Session(const NoiseState::Keys& keys, bool initiator, IndexLease lease, std::uint32_t remote,
          Time started, Time now);

  bool initiator() const { return initiator_; }
  /// Since the initiation left: the responder's copy is never older, however late its answer came,
  /// so an initiator that counts from here renews before the other end stops listening.
  Duration age(Time now) const { return now - started_; }
  std::uint32_t remote_index() const { return remote_; }

  /// Its time and messages are not used up for sending so many, and `stop_sending` was not called.
  bool may_send(Time now, std::uint64_t messages = 1) const {
    return sending_ && age(now) < k_reject_after_time &&
           counter_ <= k_reject_after_messages - messages;
  }
  bool may_receive(Time now) const { return now - created_ < k_reject_after_time; }
  void stop_sending() { sending_ = false; }

  /// The next counter; never the same twice. Only while `may_send`.
  std::uint64_t take_counter() { return counter_++; }
  std::uint64_t sent() const { return counter_; }
  /// As if so many messages had been sent; never back. For tests of the limits.
  void skip_to(std::uint64_t counter) { counter_ = std::max(counter_, counter); }

  PacketSealKey& sealer() { return sealer_; }
  PacketOpenKey& opener() { return opener_; }
  ReplayWindow& replay() { return replay_; }

 private:
  const bool initiator_;
  const Time started_;
  const Time created_;
  const std::uint32_t remote_;
  bool sending_ = true;
  IndexLease lease_;
  std::uint64_t counter_ = 0;
  PacketSealKey sealer_;
  PacketOpenKey opener_;
  ReplayWindow replay_;
};

/// A peer's sessions:
///
///     next      made as responder, not yet proven: the initiator has not used it
///     current   what we send with
///     previous  still received with, for packets on their way during a change
class SessionSlots {
 public:
  Session* current() const { return current_.get(); }
  Session* next() const { return next_.get(); }
  Session* previous() const { return previous_.get(); }

  /// A session we initiated is proven by the response that made it. If an answered one waits, both
  /// ends have started at once and made two; `yield` says that theirs is to win: ours serves until
  /// theirs is proven. One end yields, so that both come to send with the same session and only its
  /// initiator renews it.
  void add_initiated(std::unique_ptr<Session> session, bool yield);
  /// A session we answered for waits as `next`.
  void add_answered(std::unique_ptr<Session> session);
  /// `session` has received its first packet: true when that moved it from next to current.
  bool confirm(const Session* session);
  void clear();

 private:
  std::unique_ptr<Session> previous_;
  std::unique_ptr<Session> current_;
  std::unique_ptr<Session> next_;
};

}  // namespace weir
