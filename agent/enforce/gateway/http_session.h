#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/enforce/gateway/connection.h"
#include "agent/enforce/gateway/http1_body.h"
#include "agent/enforce/gateway/http1_head.h"
#include "agent/enforce/gateway/worker.h"

namespace weir::agent {

/// Serves one client connection of an HTTP/1.1 service until it ends.
boost::asio::awaitable<void> run_http_session(Worker& worker, std::shared_ptr<ServiceEntry> entry,
                                              ClientConnection client);

/// One client connection, request by request, one at a time:
///
///   read head ─▶ parse ─▶ [buffer a small body] ─▶ choose ─▶ connect or reuse ─▶ send
///       ▲                                            ▲                            │
///       │                                            └── retry, where permitted ──┤
///       └────────── keep-alive ◀── answer relayed ◀── parse the answer's head ◀───┘
///
/// A retry needs: nothing sent at all, or a destination's word that nothing was done, for every
/// method; no byte of the answer seen and an idempotent method otherwise (RFC 9110 9.2.2, RFC 9112
/// 9.3.1: also when a kept connection turns out to be gone); and in both cases that no byte of the
/// body was passed on unbuffered. A request that a server may have begun with is sent again once at
/// most, by the gateway alone and within the service's `RetryBudget`: one that brings down its
/// server shall not visit them all.
class HttpSession final : public Session {
 public:
  HttpSession(Worker& worker, std::shared_ptr<ServiceEntry> entry, ClientConnection client);
  ~HttpSession() override;
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  boost::asio::awaitable<void> run();

  void on_deadline() override;
  void on_tables() override;
  void on_drain() override;
  void on_cut() override;

 private:
  /// What became of one attempt.
  struct Outcome {
    enum class Kind { answered, retry, failed, client_gone };
    Kind kind = Kind::failed;
    int status = 502;  // for the client when nothing else answers
    const char* reason = "";
    TrafficStats::End end = TrafficStats::End::error;
    bool keep = false;    // answered: the client's connection lives on
    bool stale = false;   // a kept connection had ended: the same target again, on a new one
    bool replay = false;  // retry: a server may have begun with the request
  };
  enum class Abort { none, deadline, moved, cut };
  /// Where a connection to a target stays when its answer is whole.
  enum class Keep { nowhere, pool, with_client };
  struct Bound {
    std::shared_ptr<Target> target;
    std::unique_ptr<Upstream> upstream;
  };

  boost::asio::awaitable<bool> read_request();
  boost::asio::awaitable<bool> refuse(HeadProblem problem);
  boost::asio::awaitable<bool> prepare();
  boost::asio::awaitable<bool> buffer_body();
  boost::asio::awaitable<bool> serve();
  boost::asio::awaitable<bool> answer_error(int status, const char* reason);
  void note_failure(const Choice& choice, const Outcome& outcome, Tried& tried);

  boost::asio::awaitable<Outcome> attempt(Choice choice);
  boost::asio::awaitable<Outcome> exchange(Choice choice);
  boost::asio::awaitable<std::optional<Outcome>> connect(Choice choice);
  boost::asio::awaitable<Outcome> send(Choice choice);
  boost::asio::awaitable<void> pump();
  boost::asio::awaitable<Outcome> relay(std::shared_ptr<Target> target, TrafficStats::Row* row);
  boost::asio::awaitable<std::optional<Outcome>> read_answer(Target& target);
  boost::asio::awaitable<Outcome> relay_body(std::shared_ptr<Target> target);
  boost::asio::awaitable<Outcome> take_refusal(std::shared_ptr<Target> target);
  boost::asio::awaitable<Outcome> tunnel(TrafficStats::Row* row);
  Outcome broken(Target& target);
  Outcome retry_or_fail(bool processed, Outcome outcome) const;
  bool may_keep_upstream() const;
  std::unique_ptr<Upstream> take_kept(Target& target);
  void keep_upstream(std::shared_ptr<Target> target);
  bool take_replay();
  void watch_client();
  void on_client_event();

  /// Nothing of the body has gone out that could not be sent again.
  bool replayable() const { return !body_begun_; }
  void touch() { deadline = worker_.now() + entry_->plan.request_timeout; }

  Worker& worker_;
  const std::shared_ptr<ServiceEntry> entry_;
  std::list<Session*>::iterator place_;
  ClientConnection client_;
  std::unique_ptr<Upstream> upstream_;
  const Target* target_ = nullptr;  // of the attempt under way, when it was usable at its begin
  Abort abort_ = Abort::none;
  bool idle_ = true;                    // waits for the first byte of a request
  std::vector<Bound> bound_;            // connections that told a server who this client is
  std::shared_ptr<HttpSession*> self_;  // null inside once the session is gone
  bool watching_ = false;               // for the client to hang up
  bool client_gone_ = false;            // for good

  // Of the request under way.
  HeadScanner scanner_;
  RequestHead request_;
  std::string request_bytes_;  // head as sent, with a small body
  std::string preamble_;       // before it on a new connection
  std::string out_;
  BodyMachine body_;   // passed on unbuffered
  Time give_up_at_{};  // no answer's head until then: 504
  bool is_head_ = false;
  bool idempotent_ = false;
  bool upgrade_ = false;
  bool client_keeps_ = false;
  bool http_1_0_ = false;
  bool body_begun_ = false;
  bool replayed_ = false;  // has been sent twice
  Keep keep_ = Keep::nowhere;
  Time begin_{};               // of the attempt under way
  bool sent_ = false;          // some of the request may have reached the target
  bool request_sent_ = false;  // all of it has been written, body included
  bool answer_seen_ = false;
  bool interim_sent_ = false;  // an interim answer may have reached the client
  bool answering_ = false;     // some of the final answer may have
  bool tunnelling_ = false;    // 101: bytes both ways until either side ends it
  bool pump_ends_ = false;
  bool linger_ = false;
  const char* bad_body_ = nullptr;
  std::string tried_regions_;  // that failed before this attempt, as `weir-tried` has them
  ResponseHead response_;
};

}  // namespace weir::agent
