#include "controller/telemetry/event_log.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"

namespace weir::controller {
namespace {

constexpr std::size_t k_text_max = 1000;

bool passes(const EventLog::Event& event, const EventFilter& filter) {
  return (filter.service.empty() || filter.service == event.service()) &&
         (filter.region.empty() || filter.region == event.region() ||
          filter.region == event.from_region()) &&
         (filter.type.empty() || filter.type == event.type()) &&
         (filter.until_unix_ms == 0 || event.unix_ms() <= filter.until_unix_ms);
}

void cut(std::string& text) { text = cut_text(text, k_text_max); }

}  // namespace

void EventLog::add(Event event) {
  cut(*event.mutable_type());
  cut(*event.mutable_severity());
  cut(*event.mutable_region());
  cut(*event.mutable_from_region());
  cut(*event.mutable_agent());
  cut(*event.mutable_service());
  cut(*event.mutable_message());
  events_.push_back(std::move(event));
  ++added_;
  if (events_.size() > limit_) events_.pop_front();
}

std::vector<EventLog::Event> EventLog::list(const EventFilter& filter, std::size_t limit) const {
  std::vector<Event> out;
  for (auto it = events_.rbegin(); it != events_.rend(); ++it) {
    if (limit != 0 && out.size() >= limit) break;
    if (passes(*it, filter)) out.push_back(*it);
  }
  std::ranges::reverse(out);
  return out;
}

std::vector<EventLog::Event> EventLog::since(std::uint64_t seen, const EventFilter& filter) const {
  std::vector<Event> out;
  const std::uint64_t first = added_ - events_.size();  // number of the event before the oldest
  const std::uint64_t skip = seen > first ? std::min(seen, added_) - first : 0;
  for (std::uint64_t i = skip; i < events_.size(); ++i) {
    if (passes(events_[i], filter)) out.push_back(events_[i]);
  }
  return out;
}

}  // namespace weir::controller
