#include "cli/admin_session.h"

#include <istream>
#include <ostream>

#include "cli/render/text.h"

namespace weir::cli {

AdminSession::~AdminSession() {
  if (!channel_) return;
  boost::asio::co_spawn(context_, channel_->stop(), boost::asio::use_future);
  context_.restart();
  context_.run();
}

Result<RpcClient*> AdminSession::connected() {
  if (!channel_) {
    WEIR_ASSIGN(options, channel_to(address));
    auto channel = RpcChannel::create(context_.get_executor(), std::move(options));
    if (!channel) return fail(std::move(channel).error());
    channel_ = std::move(*channel);
  }
  return channel_.get();
}

void AdminSession::sleep(Duration duration) { block_on(clock_.sleep_for(duration)); }

Exit AdminSession::fail_with(const std::string& what, const Error& why,
                             const std::string& next) const {
  std::string advice = next;
  if (why.code() == Code::unavailable) {
    advice = address.server.empty() ? "is weir-controller running, and may you open " +
                                          address.socket + "? --socket names another"
                                    : "does weir-controller listen at " + address.server +
                                          " (admin.tcp), and is each side's certificate signed by "
                                          "the CA that the other was given?";
  } else if (advice.empty()) {
    advice = "weirctl status";
  }
  return fail_with(exit_of(why.code()), what,
                   why.message() + " (" + std::string(code_name(why.code())) + ")", advice);
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
