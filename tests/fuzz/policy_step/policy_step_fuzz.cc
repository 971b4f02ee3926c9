#include <cstdint>
#include <string>

#include "common/base/assert.h"
#include "common/base/bytes.h"
#include "controller/catalog/policies.h"
#include "policy/step_session.h"

// Any bytes as lines of the policy step protocol, to the policy the first byte picks: every line is
// answered with one line, and the answers to the same lines are the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const weir::controller::PolicyCatalog catalog = weir::controller::all_policies();
  if (size == 0 || size > 20'000) return 0;
  const auto& kind = catalog.kinds()[data[0] % catalog.kinds().size()];
  std::string before;
  for (int run = 0; run < 2; ++run) {
    weir::policy::StepSession session(
        kind, {.tuning = weir::controller::Tuning(kind.tunables), .seed = 1, .checkpoint = {}},
        "0");
    std::string answers;
    std::string_view rest = weir::as_text({data + 1, size - 1});
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string answer = session.answer(rest.substr(0, end));
      WEIR_ASSERT(answer.starts_with("{\"type\":\"") && answer.find('\n') == std::string::npos,
                  answer);
      answers += answer + "\n";
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    WEIR_ASSERT(run == 0 || answers == before, answers);
    before = answers;
  }
  return 0;
}
