#pragma once

#include <algorithm>
#include <cstddef>

#include "common/base/time.h"

namespace weir {

/// Whether a thread that waits for packets looks for the next one for a moment before it sleeps. To
/// wake a sleeper costs a lone packet more than all else on its way; to look costs processor time.
/// So it looks where that pays, as between questions and their answers: a score goes up with every
/// short wait, down by much more with every look in vain, and only several short waits in a row
/// begin it. Bulk needs none of this: it wakes the thread for many packets at once.
///
/// A wait is short up to three times what looking lasts: sleepers on the other side, which will
/// look too once they see short waits, make it longer than it need be.
///
/// Pure. One thread.
class BusyPoll {
 public:
  /// Looks for `most` at a time; 0: never.
  explicit BusyPoll(Duration most) : most_(most) {}

  bool enabled() const { return most_ > Duration(0); }

  /// How long to look before sleeping, this time.
  Duration patience() const { return looking() ? most_ : Duration(0); }

  /// A wait of this length ended with so many packets.
  void waited(Duration length, std::size_t packets) {
    if (looking() && length > most_) {
      score_ -= k_in_vain;
      if (!looking()) score_ = -k_in_vain;  // not again at once
    } else if (packets > k_few_packets || length > 3 * most_) {
      score_ = std::min(score_, 0);
    } else {
      score_ = std::min(score_ + 1, k_score_max);
    }
  }

 private:
  static constexpr std::size_t k_few_packets = 8;
  static constexpr int k_begin = 4;
  static constexpr int k_in_vain = 16;
  static constexpr int k_score_max = 64;

  bool looking() const { return enabled() && score_ >= k_begin; }

  Duration most_;
  int score_ = 0;
};

}  // namespace weir
