// The replay window against a set of all counters it ever took.
//
//     action (1) | how far (2)

#include <algorithm>
#include <cstdlib>
#include <set>

#include "common/base/bytes.h"
#include "common/tunnel/replay_window.h"

namespace weir {
namespace {

class Script {
 public:
  void ask(std::uint64_t counter) {
    const bool in_reach = counter > greatest_ || greatest_ - counter < ReplayWindow::k_reach;
    const bool expected = in_reach && !taken_.contains(counter);
    if (window_.accept(counter) != expected) std::abort();
    if (expected) taken_.insert(counter);
    greatest_ = std::max(greatest_, counter);
  }

  void act(std::uint8_t action, std::uint64_t far) {
    switch (action % 8) {
      case 0:
        ask(greatest_ + far);
        break;
      case 1:
        ask(greatest_ + far % 64);
        break;
      case 2:
        ask(greatest_ - far % 16384);
        break;
      case 3:
        ask(greatest_ - far % 64);
        break;
      case 4:  // just at the edge of what is remembered
        ask(greatest_ - ReplayWindow::k_reach + far % 4 - 2);
        break;
      case 5:
        ask(greatest_ + (far << (action / 8)));
        break;
      case 6:
        ask(far << 48 | (far & action));
        break;
      case 7: {
        if (taken_.empty()) break;
        const auto at_or_after = taken_.lower_bound(greatest_ - far % 8192);
        ask(at_or_after == taken_.end() ? *taken_.rbegin() : *at_or_after);
        break;
      }
    }
  }

 private:
  ReplayWindow window_;
  std::set<std::uint64_t> taken_;
  std::uint64_t greatest_ = 0;
};

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::Script script;
  for (std::size_t i = 0; i + 3 <= size; i += 3) {
    script.act(data[i], std::uint64_t{data[i + 1]} << 8 | data[i + 2]);
  }
  return 0;
}
