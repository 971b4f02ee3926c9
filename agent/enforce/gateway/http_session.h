#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>

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
/// method; no byte of the answer seen and an idempotent method otherwise; and in both cases that no
/// byte of the body was passed on unbuffered.
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
    bool keep = false;   // answered: the client's connection lives on
    bool stale = false;  // a kept connection had ended: the same target again, on a new one
  };
  enum class Abort { none, deadline, moved, cut };

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
  boost::asio::awaitable<Outcome> relay(std::shared_ptr<Target> target);
  boost::asio::awaitable<std::optional<Outcome>> read_answer(Target& target);
  boost::asio::awaitable<Outcome> relay_body(std::shared_ptr<Target> target);
  boost::asio::awaitable<Outcome> take_refusal(std::shared_ptr<Target> target);
  boost::asio::awaitable<Outcome> tunnel();
  Outcome broken(Target& target);
  Outcome retry_or_fail(bool processed, Outcome outcome) const;
  bool may_keep_upstream() const;

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
  bool idle_ = true;  // waits for the first byte of a request

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
  bool may_keep_ = false;  // the upstream connection is not bound to this client
  bool sent_ = false;      // some of the request may have reached the target
  bool answer_seen_ = false;
  bool answering_ = false;  // some of the answer may have reached the client
  bool pump_ends_ = false;
  bool client_gone_ = false;
  bool linger_ = false;
  const char* bad_body_ = nullptr;
  std::string tried_regions_;  // that failed before this attempt, as `weir-tried` has them
  ResponseHead response_;
};

}  // namespace weir::agent
