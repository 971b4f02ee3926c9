#include "controller/web/live_feed.h"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <string>

#include "controller/api/admin_service.h"
#include "tests/doubles/sim_clock.h"
#include "tests/unit/controller/api/answering_backend.h"

namespace weir::controller {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A feed and its API on one thread, in simulated time.
class LiveFeeds : public testing::Test {
 protected:
  LiveFeeds() {
    service_.serve(router_);
    asio::co_spawn(context_, feed_.run(),
                   asio::bind_cancellation_slot(end_.slot(), asio::detached));
  }
  ~LiveFeeds() override {
    end_.emit(asio::cancellation_type::all);
    clock_.advance(seconds(1));
  }

  void set_agent(const std::string& name) {
    backend_.agents_now.clear_agents();
    backend_.agents_now.add_agents()->set_agent(name);
  }
  static std::size_t of(const std::vector<LiveFeed::Piece>& pieces, const std::string& text) {
    std::size_t found = 0;
    for (const LiveFeed::Piece& piece : pieces) found += piece->find(text) != std::string::npos;
    return found;
  }

  asio::io_context context_{1};
  SimClock clock_{context_};
  AnsweringBackend backend_;
  AdminService service_{backend_, clock_};
  RpcRouter router_;
  ApiDoor door_{context_.get_executor(), router_};
  LiveFeed feed_{context_.get_executor(), door_, clock_};
  asio::cancellation_signal end_;
};

TEST_F(LiveFeeds, TellEachReaderWhatIsNewToIt) {
  LiveFeed::Reader first(feed_, "");
  set_agent("us/agent-1");
  clock_.advance(milliseconds(600));
  EXPECT_EQ(of(first.fresh(), "us/agent-1"), 1U);
  EXPECT_TRUE(first.fresh().empty());
  LiveFeed::Reader second(feed_, "");
  EXPECT_EQ(of(second.fresh(), "us/agent-1"), 1U) << "one that comes later gets all there is";
  clock_.advance(seconds(2));
  EXPECT_TRUE(first.fresh().empty()) << "nothing has changed";
}

TEST_F(LiveFeeds, HoldNothingForAReaderThatDoesNotTake) {
  LiveFeed::Reader idle(feed_, "");
  LiveFeed::Reader busy(feed_, "");
  clock_.advance(milliseconds(600));
  const std::size_t topics = idle.fresh().size();
  std::weak_ptr<const std::string> first;
  for (int change = 0; change < 200; ++change) {
    set_agent("change-" + std::to_string(change) + ".");
    clock_.advance(seconds(1));
    const auto pieces = busy.fresh();
    ASSERT_EQ(of(pieces, "change-" + std::to_string(change) + "."), 1U);
    if (change == 0) first = pieces[0];
  }
  EXPECT_TRUE(first.expired()) << "texts that nobody is to get any more are gone";
  const auto pieces = idle.fresh();
  EXPECT_LE(pieces.size(), topics);
  EXPECT_EQ(of(pieces, "change-"), 1U);
  EXPECT_EQ(of(pieces, "change-199."), 1U) << "of each topic the newest, and no other";
}

TEST_F(LiveFeeds, AskOnlyWhatSomebodyFollows) {
  clock_.advance(seconds(5));
  EXPECT_EQ(backend_.weights_asked, 0);
  {
    LiveFeed::Reader reader(feed_, "shop/web");
    clock_.advance(seconds(3));
  }
  const auto asked = backend_.weights_asked;
  EXPECT_GE(asked, 4);
  EXPECT_LE(asked, 8) << "at most twice a second";
  clock_.advance(seconds(5));
  EXPECT_LE(backend_.weights_asked, asked + 1);
}

}  // namespace
}  // namespace weir::controller
