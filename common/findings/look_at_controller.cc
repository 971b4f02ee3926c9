#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "common/findings/examination.h"
#include "common/text/quantity.h"

namespace weir {

namespace {

constexpr std::int64_t k_recent_ms = 10 * 60 * 1000;
constexpr std::int64_t k_clock_ms = 5000;
constexpr std::int64_t k_certificate_ms = 14LL * 24 * 3600 * 1000;
constexpr int k_certificate_part = 5;  // of its time: a short-lived one is renewed late
constexpr std::uint64_t k_room_times = 4;

}  // namespace

void Examination::look_at_controller() {
  look_at_store();
  look_at_certificates();
  look_at_clocks();
  if (newest("epoch.raised", k_recent_ms) != nullptr) {
    warn("WEIR-103", "controller", "it was restored from a backup",
         "agents held something newer than its store", "weirctl events --type epoch.raised");
  }
}

void Examination::look_at_store() {
  const auto& room = mesh_.status.store_room();
  const std::string df =
      "df -h " +
      printable(mesh_.status.has_store_room() ? room.folder() : "/var/lib/weir-controller");
  if (const Event* held = open("store.held", "store.writable")) {
    fail("WEIR-101", "controller", "its store takes no writes", printable(held->message()), df);
  } else if (mesh_.status.has_store_room() &&
             room.free_bytes() < k_room_times * room.reserve_bytes()) {
    warn("WEIR-104", "controller",
         fmt::format("the disk of its store has {} MiB left", room.free_bytes() >> 20),
         fmt::format("with less than {} MiB it takes no more writes", room.reserve_bytes() >> 20),
         df);
  }
}

void Examination::look_at_certificates() {
  for (const auto& shown : mesh_.status.certificates()) {
    const std::int64_t left = shown.expires_unix_ms() - controller_ms();
    const std::int64_t whole = shown.expires_unix_ms() - shown.begins_unix_ms();
    const std::string which = fmt::format("the certificate of {}, {},", printable(shown.used_for()),
                                          printable(shown.file()));
    const std::string next = "openssl x509 -noout -dates -in " + printable(shown.file());
    if (left < 0) {
      fail("WEIR-105", "controller", fmt::format("{} ran out {} ago", which, show_span(-left)),
           "whoever checks it is turned away; the controller reads the file when it starts", next);
    } else if (left < std::min(k_certificate_ms, whole / k_certificate_part)) {
      warn("WEIR-105", "controller", fmt::format("{} ends in {}", which, show_span(left)),
           "then whoever checks it is turned away; the controller reads the file when it starts",
           next);
    }
  }
}

/// One clock that is apart from all others is the wrong one, the controller's too.
void Examination::look_at_clocks() {
  const std::int64_t off = mesh_.now_ms - controller_ms();
  if (std::abs(off) > k_clock_ms) {
    warn("WEIR-102", "controller",
         fmt::format("its clock and this machine's are {} apart", show_span(std::abs(off))),
         "certificates and tokens end by the clock", "timedatectl");
  }
  std::vector<const admin::v1::Agent*> known;
  std::int64_t least = INT64_MAX;
  std::int64_t most = INT64_MIN;
  for (const admin::v1::Agent& agent : mesh_.agents.agents()) {
    if (!agent.has_clock_ahead_ms() || away(agent.agent())) continue;
    known.push_back(&agent);
    least = std::min(least, agent.clock_ahead_ms());
    most = std::max(most, agent.clock_ahead_ms());
  }
  const bool together = known.size() > 1 && most - least < k_clock_ms;
  if (together && (least > k_clock_ms || most < -k_clock_ms)) {
    warn("WEIR-102", "controller",
         fmt::format("its clock is {} {} those of all agents", show_span(std::abs(least)),
                     least > 0 ? "behind" : "ahead of"),
         "the agents agree with each other: the controller's is the wrong one", "timedatectl");
    return;
  }
  for (const admin::v1::Agent* agent : known) {
    const std::int64_t ahead = agent->clock_ahead_ms();
    if (std::abs(ahead) <= k_clock_ms) continue;
    warn("WEIR-209", "agents",
         fmt::format("the clock of {} is {} {} the controller's", printable(agent->agent()),
                     show_span(std::abs(ahead)), ahead > 0 ? "ahead of" : "behind"),
         "certificates end by it, and after a correction other agents refuse its handshakes until "
         "it has caught up",
         "timedatectl");
  }
}

}  // namespace weir
