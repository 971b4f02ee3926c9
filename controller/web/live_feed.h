#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/async/clock.h"
#include "common/rpc/wakeup.h"
#include "controller/web/api_door.h"

namespace weir::controller {

/// What the browsers follow, made once for all of them: each topic is asked of the API at most
/// twice a second (the larger, the more seldom), turned into JSON when it has changed, and kept as
/// one text. A browser that does not read holds nothing but a share of those texts.
/// Web thread only.
class LiveFeed {
 public:
  using Piece = std::shared_ptr<const std::string>;  // one server-sent event (HTML standard, 9.2)

  /// One browser: what it has seen.
  class Reader {
   public:
    /// `service`: whose weights it follows; empty: none.
    Reader(LiveFeed& feed, std::string service);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    /// What is new to it: of each topic the newest, and the events since. Empty: nothing.
    std::vector<Piece> fresh();

   private:
    LiveFeed& feed_;
    const std::string weights_;  // its topic of weights
    std::map<std::string, std::uint64_t> seen_;
    std::uint64_t event_ = 0;
  };

  LiveFeed(boost::asio::any_io_executor web, ApiDoor& door, Clock& clock);

  /// Until cancelled.
  boost::asio::awaitable<void> run();
  /// Until something is new. False: the caller was cancelled.
  boost::asio::awaitable<bool> changed() { return changed_.wait(); }
  std::size_t readers() const { return readers_; }

 private:
  struct Topic {
    std::string event = {};
    std::string method = {};
    std::string request = {};
    std::size_t followers = 0;  // only topics somebody follows are asked for
    std::string essence = {};   // by which a change is seen
    Piece text = nullptr;
    std::uint64_t version = 0;
    Time next{};
  };

  boost::asio::awaitable<void> follow_topics();
  boost::asio::awaitable<void> ask(const std::string& name);
  void take_event(const std::string& bytes);

  const boost::asio::any_io_executor web_;
  ApiDoor& door_;
  Clock& clock_;
  Wakeup changed_;
  Wakeup followed_;
  std::map<std::string, Topic> topics_;
  std::deque<Piece> events_;  // the newest
  std::uint64_t newest_event_ = 0;
  std::uint64_t versions_ = 0;
  std::size_t readers_ = 0;
};

}  // namespace weir::controller
