#include "controller/web/live_feed.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <chrono>

#include "common/async/either.h"
#include "controller/web/routes.h"
#include "weir/admin/v1/admin.pb.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace pb = admin::v1;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds k_interval{500};
constexpr std::size_t k_bytes_a_second = 1 << 20;  // of one topic, at most about
constexpr std::size_t k_events_kept = 500;
const PeerIdentity::Visitor k_who{.name = "dashboard", .role = "viewer"};

std::string services_brief() {
  pb::ListServicesRequest request;
  request.set_without_endpoints(true);
  return request.SerializeAsString();
}

std::string weights_of(const std::string& service) {
  pb::GetWeightsRequest request;
  request.set_service(service);
  return request.SerializeAsString();
}

LiveFeed::Piece event_text(const std::string& event, const std::string& json) {
  return std::make_shared<const std::string>("event: " + event + "\ndata: " + json + "\n\n");
}

/// A reply without its own time, which always differs.
template <typename Reply>
std::string timeless(const std::string& bytes) {
  Reply reply;
  if (!reply.ParseFromString(bytes)) return bytes;
  reply.clear_unix_ms();
  return reply.SerializeAsString();
}

std::string essence_of(const std::string& event, std::string bytes) {
  if (event == "weights") return timeless<pb::GetWeightsReply>(bytes);
  if (event == "traffic") return timeless<pb::GetTrafficReply>(bytes);
  return bytes;
}

}  // namespace

LiveFeed::LiveFeed(asio::any_io_executor web, ApiDoor& door, Clock& clock)
    : web_(std::move(web)), door_(door), clock_(clock), changed_(web_), followed_(web_) {
  const auto topic = [this](const char* event, const char* method, std::string request) {
    topics_[event] = {.event = event, .method = method, .request = std::move(request)};
  };
  topic("status", "GetStatus", "");
  topic("agents", "ListAgents", "");
  topic("paths", "ListPaths", "");
  topic("services", "ListServices", services_brief());
  topic("traffic", "GetTraffic", "");
  topic("policies", "ListPolicies", "");
  topic("failovers", "ListFailovers", "");
}

LiveFeed::Reader::Reader(LiveFeed& feed, std::string service)
    : feed_(feed), weights_(service.empty() ? "" : "weights " + service) {
  if (!weights_.empty()) {
    Topic& topic = feed_.topics_[weights_];
    topic.event = "weights";
    topic.method = "GetWeights";
    topic.request = weights_of(service);
    ++topic.followers;
  }
  event_ = feed_.newest_event_;
  ++feed_.readers_;
  feed_.followed_.notify();
}

LiveFeed::Reader::~Reader() {
  --feed_.readers_;
  const auto topic = feed_.topics_.find(weights_);
  if (topic != feed_.topics_.end() && --topic->second.followers == 0) feed_.topics_.erase(topic);
}

std::vector<LiveFeed::Piece> LiveFeed::Reader::fresh() {
  std::vector<Piece> pieces;
  for (const auto& [name, topic] : feed_.topics_) {
    if (topic.event == "weights" && name != weights_) continue;
    std::uint64_t& seen = seen_[name];
    if (topic.version == seen || topic.text == nullptr) continue;
    seen = topic.version;
    pieces.push_back(topic.text);
  }
  const std::uint64_t unseen =
      std::min<std::uint64_t>(feed_.newest_event_ - event_, feed_.events_.size());
  pieces.insert(pieces.end(), feed_.events_.end() - static_cast<std::ptrdiff_t>(unseen),
                feed_.events_.end());
  event_ = feed_.newest_event_;
  return pieces;
}

asio::awaitable<void> LiveFeed::run() {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await either(follow_topics(),
                  door_.follow("/weir.admin.v1.Admin/WatchEvents", k_who, web_,
                               [this](const std::string& bytes) { take_event(bytes); }));
}

asio::awaitable<void> LiveFeed::follow_topics() {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (true) {
    if (readers_ == 0) {
      if (!co_await followed_.wait()) co_return;
      continue;
    }
    const std::uint64_t before = versions_;
    std::vector<std::string> due;
    for (const auto& [name, topic] : topics_) {
      if (clock_.now() >= topic.next) due.push_back(name);
    }
    for (const std::string& name : due) co_await ask(name);
    if (versions_ != before) changed_.notify();
    if (!co_await clock_.sleep_for(k_interval)) co_return;
  }
}

asio::awaitable<void> LiveFeed::ask(const std::string& name) {
  // A topic may go while it is asked for: look again afterwards.
  auto topic = topics_.find(name);
  if (topic == topics_.end()) co_return;
  const std::string path = "/weir.admin.v1.Admin/" + topic->second.method;
  Result<std::string> reply = co_await door_.call(path, topic->second.request, k_who);
  topic = topics_.find(name);
  if (topic == topics_.end() || !reply) co_return;
  const auto pause = std::max<std::chrono::nanoseconds>(
      k_interval, std::chrono::seconds(1) * reply->size() / k_bytes_a_second);
  topic->second.next = clock_.now() + pause - k_interval / 2;
  std::string essence = essence_of(topic->second.event, *reply);
  if (topic->second.text != nullptr && essence == topic->second.essence) co_return;
  const Result<std::string> json = reply_json(topic->second.method, *reply);
  if (!json) co_return;
  topic->second.essence = std::move(essence);
  topic->second.text = event_text(topic->second.event, *json);
  topic->second.version = ++versions_;
}

void LiveFeed::take_event(const std::string& bytes) {
  pb::ListEventsReply one;
  if (!one.add_events()->ParseFromString(bytes)) return;
  const Result<std::string> json = reply_json("ListEvents", one.SerializeAsString());
  if (!json) return;
  events_.push_back(event_text("events", *json));
  ++newest_event_;
  if (events_.size() > k_events_kept) events_.pop_front();
  changed_.notify();
}

}  // namespace weir::controller
