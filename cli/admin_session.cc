#include "cli/admin_session.h"

#include <google/protobuf/descriptor.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <istream>
#include <ostream>

#include "cli/render/text.h"
#include "common/async/clock.h"
#include "common/rpc/call.h"
#include "common/rpc/channel.h"
#include "common/text/quantity.h"

namespace weir::cli {

namespace asio = boost::asio;

struct AdminSession::Channel {
  template <typename T>
  T block_on(asio::awaitable<T> work) {
    auto future = asio::co_spawn(executor, std::move(work), asio::use_future);
    executor.restart();
    executor.run();
    return future.get();
  }

  asio::io_context executor{1};
  std::unique_ptr<RpcChannel> rpc;
};

namespace {

asio::awaitable<Status> read_all(std::unique_ptr<ControlStream> stream,
                                 std::function<Status(const std::string&)> each) {
  while (auto bytes = co_await stream->read()) {
    Status taken = each(*bytes);
    if (!taken) co_return taken;
  }
  co_return co_await stream->closed();
}

}  // namespace

AdminSession::AdminSession(Terminal terminal, Clock& clock)
    : terminal_(terminal), clock_(clock), channel_(std::make_unique<Channel>()) {}

AdminSession::~AdminSession() {
  if (channel_->rpc) channel_->block_on(channel_->rpc->stop());
}

Time AdminSession::now() const { return clock_.now(); }

std::int64_t AdminSession::now_ms() const { return to_unix_ms(clock_.wall_now()); }

std::string AdminSession::when(std::int64_t unix_ms) const {
  return utc && unix_ms != 0 ? show_utc(unix_ms) : show_ago(unix_ms, now_ms());
}

Error AdminSession::no_message(const google::protobuf::Descriptor* type) {
  return {Code::data_loss, "the answer is no " + type->full_name()};
}

const Result<Connection>& AdminSession::connection() {
  if (!connection_) connection_ = connection_of(wishes);
  return *connection_;
}

Status AdminSession::connect() {
  if (channel_->rpc) return {};
  const Result<Connection>& to = connection();
  if (!to) return fail(to.error());
  WEIR_ASSIGN(options, channel_to(to->address()));
  auto channel = RpcChannel::create(channel_->executor.get_executor(), std::move(options));
  if (!channel) return fail(std::move(channel).error());
  channel_->rpc = std::move(*channel);
  return {};
}

Result<std::string> AdminSession::ask_bytes(const std::string& path, std::string request) {
  WEIR_TRY(connect());
  return channel_->block_on(call_bytes(*channel_->rpc, path, std::move(request), deadline));
}

Status AdminSession::watch_bytes(const std::string& path, std::string request,
                                 const std::function<Status(const std::string&)>& each) {
  WEIR_TRY(connect());
  std::unique_ptr<ControlStream> stream = channel_->rpc->open(path, {});
  // A failure to queue is the call's status, which the reader sees.
  (void)stream->write(std::move(request));
  stream->close();
  return channel_->block_on(read_all(std::move(stream), each));
}

void AdminSession::sleep(Duration duration) { channel_->block_on(clock_.sleep_for(duration)); }

Exit AdminSession::fail_with(const std::string& what, const Error& why,
                             const std::string& next) const {
  std::string advice = next;
  if (connection_ && !*connection_) {
    advice = why.code() == Code::not_found
                 ? "weirctl context ls"
                 : "repair the file, or name the controller with --socket or --server";
  } else if (connection_ && why.code() == Code::unavailable) {
    const ControllerAddress address = (*connection_)->address();
    advice = address.server.empty() ? "is weir-controller running, and may you open " +
                                          address.socket + "? --socket names another"
                                    : "does weir-controller listen at " + address.server +
                                          " (admin.tcp), and is each side's certificate signed by "
                                          "the CA that the other was given?";
  } else if (advice.empty()) {
    advice = "weirctl status";
  }
  std::string words = why.message();
  for (std::size_t at = 0; (at = words.find('\n', at)) != std::string::npos;) {
    words.replace(at, 1, "; ");
  }
  return fail_with(exit_of(why.code()), what,
                   words + " (" + std::string(code_name(why.code())) + ")", advice);
}

Exit AdminSession::fail_with(Exit code, const std::string& what, const std::string& why,
                             const std::string& next) const {
  terminal_.err << "weirctl: " << printable(what) << "\n  why:  " << printable(why)
                << "\n  next: " << printable(next) << "\n";
  return code;
}

bool AdminSession::agree(const std::string& question, bool yes) const {
  if (yes) return true;
  if (!terminal_.in_is_tty) {
    (void)fail_with(Exit::refused, "nothing was changed", "there is no terminal to ask on",
                    "add --yes to go ahead without a question");
    return false;
  }
  terminal_.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(terminal_.in, answer);
  if (answer == "y" || answer == "yes") return true;
  terminal_.err << "nothing was changed\n";
  return false;
}

}  // namespace weir::cli
