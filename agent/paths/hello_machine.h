#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/paths/hello_message.h"
#include "common/base/time.h"
#include "common/model/observation.h"

namespace weir::agent {

/// What the machine wants done. The caller clears it and gives it back: no allocation per event
/// once it has grown.
struct HelloOutput {
  std::vector<std::pair<IpAddress, HelloMessage>> sends;
  std::vector<PathEvent> changes;
  std::optional<bool> isolated;  // set when it changed
  void clear() {
    sends.clear();
    changes.clear();
    isolated.reset();
  }
};

/// The failure detector of all paths of one agent.
///
///            2 hellos missed, or the peer says it does not hear us
///      up ────────────────────────────────────────────────────▶ confirming: 4 echoes, 10 ms apart
///       ▲ ◀──────────────────────────────────────────────────── │
///       │        any message (if it was silence), an answered    │ no answer within patience after
///       │        echo or "I hear you" (if it was deafness)       │ the last echo, 3 hellos missed
///       └───────────────────────────────── down ◀────────────────┘
///          an unbroken run of hellos that say "I hear you": 150 ms the first time, then 1 s,
///          doubled by each down up to 60 s; every 30 s of up forgive one down
///
/// Where the last path goes down within 2 s of at least one other, it is not the paths that flap
/// but this agent that was cut off: those downs are not counted. (One path alone says nothing about
/// whose fault it is.)
///
/// The echoes leave while the third hello is still due, so that their round trip overlaps with it.
/// Time from the cut to down: half a round trip (what was under way still arrives) + 110 ms + 30 ms
/// + patience (the round trip + 20 ms, up to a quarter more where it varies). With a cut in one
/// direction the far end learns of it from the near end: another half round trip and its echoes.
///
/// When `on_timer` comes more than one interval late it is us who stood still: silence does not
/// count for that time.
///
/// Pure: no clock, no socket. Cost: on_message O(1), on_timer O(peers).
class HelloMachine {
 public:
  struct Options {
    Duration interval = std::chrono::milliseconds(50);
    Duration slack = std::chrono::milliseconds(5);  // a hello is missed that much after it was due
    int echoes = 4;
    Duration echo_gap = std::chrono::milliseconds(10);
    Duration patience_unknown = std::chrono::milliseconds(500);  // no round trip measured yet
    Duration patience_max = std::chrono::seconds(1);
    Duration first_up = std::chrono::milliseconds(150);
    Duration hold = std::chrono::seconds(1);
    Duration hold_max = std::chrono::seconds(60);
    Duration forgive = std::chrono::seconds(30);
    Duration together = std::chrono::seconds(2);     // downs this close have one cause
    Duration alone_after = std::chrono::seconds(2);  // from the start, when no path was ever up
    double replies_per_second = 50;                  // echo replies to one peer
    double replies_burst = 16;
  };
  static constexpr std::size_t k_peers_max = 4096;

  HelloMachine(const Options& options, std::uint32_t boot_id, Time now);
  ~HelloMachine();

  /// Known peers keep their state; new ones start down. Removed ones leave without an event.
  void set_peers(std::span<const OverlayPeer> peers, Time now, HelloOutput& out);

  void on_message(const IpAddress& from, const HelloMessage& message, Time now, HelloOutput& out);

  /// To be called at `next_wake()`, after everything that has arrived was handed in.
  void on_timer(Time now, HelloOutput& out);
  Time next_wake() const { return next_wake_; }

  bool up(const IpAddress& peer) const;
  std::optional<Duration> round_trip(const IpAddress& peer) const;
  bool isolated() const { return isolated_; }
  /// Times our own timer was late by more than an interval.
  std::uint64_t stalls() const { return stalls_; }
  /// Messages from no peer and echo requests above the cap.
  std::uint64_t refused() const { return refused_; }

 private:
  struct Peer;

  void send(Peer& peer, HelloMessage::Kind kind, std::uint32_t echo, Time now, HelloOutput& out);
  bool hears(const Peer& peer, Time now) const;
  void learn(Peer& peer, const HelloMessage& message, Time now);
  void weigh_word(Peer& peer, const HelloMessage& message, Time now, HelloOutput& out);
  void start_confirming(Peer& peer, bool deaf, Time now, HelloOutput& out);
  void confirm(Peer& peer, Time now, HelloOutput& out);
  void go_up(Peer& peer, Time now, HelloOutput& out);
  void go_down(Peer& peer, Time now, HelloOutput& out);
  Duration hold_of(const Peer& peer) const;
  Duration patience(const Peer& peer) const;
  Time due(const Peer& peer) const;
  void excuse_stall(Duration late, Time now);
  void judge_isolation(Time now, HelloOutput& out);
  void excuse_own_fault(Time now);

  const Options options_;
  const std::uint32_t boot_id_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::unordered_map<IpAddress, Peer*> by_address_;
  Time next_wake_;
  Time alone_at_;
  std::size_t up_count_ = 0;
  bool ever_up_ = false;
  bool isolated_ = false;
  std::uint64_t stalls_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace weir::agent
