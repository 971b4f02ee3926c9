#include "common/rpc/device_listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <utility>

#include "common/base/text.h"

namespace weir {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr int k_backlog = 1024;
constexpr int k_accepts_in_a_row = 64;  // then others of the executor have their turn
constexpr std::chrono::milliseconds k_rest{100};

}  // namespace

struct DeviceListener::State : std::enable_shared_from_this<DeviceListener::State> {
  explicit State(const asio::any_io_executor& executor) : acceptor(executor), rest(executor) {}

  void wait() {
    acceptor.async_wait(tcp::acceptor::wait_read,
                        [self = shared_from_this()](const boost::system::error_code& problem) {
                          if (!problem) self->accept();
                        });
  }

  void accept() {
    for (int left = k_accepts_in_a_row; left > 0 && acceptor.is_open(); --left) {
      const int fd =
          ::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        take(fd);
      } else if (errno == EAGAIN) {
        break;
      } else if (errno != EINTR && errno != ECONNABORTED) {
        return wait_a_little();  // out of descriptors: what waits would wake us at once
      }
    }
    if (acceptor.is_open()) wait();
  }

  void wait_a_little() {
    rest.expires_after(k_rest);
    rest.async_wait([self = shared_from_this()](const boost::system::error_code& problem) {
      if (!problem && self->acceptor.is_open()) self->wait();
    });
  }

  tcp::acceptor acceptor;
  asio::steady_timer rest;
  Take take;
};

Result<std::unique_ptr<DeviceListener>> DeviceListener::open(const asio::any_io_executor& executor,
                                                             const Endpoint& endpoint,
                                                             const std::string& device) {
  auto state = std::make_shared<State>(executor);
  const tcp::endpoint address(asio::ip::make_address(endpoint.address.to_string()), endpoint.port);
  boost::system::error_code problem;
  tcp::acceptor& acceptor = state->acceptor;
  acceptor.open(address.protocol(), problem);
  if (!problem) acceptor.set_option(tcp::acceptor::reuse_address(true), problem);
  if (!problem) acceptor.set_option(tcp::no_delay(true), problem);  // accepted ones inherit it
  if (!problem) acceptor.non_blocking(true, problem);
  if (!problem && ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_BINDTODEVICE, device.data(),
                               static_cast<socklen_t>(device.size())) != 0) {
    problem.assign(errno, boost::system::system_category());
  }
  if (!problem) acceptor.bind(address, problem);
  if (!problem) acceptor.listen(k_backlog, problem);
  if (problem) {
    return fail(Code::unavailable, "cannot listen on " + endpoint.to_string() + " of device " +
                                       in_quotes(device) + ": " + problem.message());
  }
  return std::unique_ptr<DeviceListener>(new DeviceListener(std::move(state)));
}

DeviceListener::DeviceListener(std::shared_ptr<State> state) : state_(std::move(state)) {}

DeviceListener::~DeviceListener() {
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
  state_->rest.cancel();
}

std::uint16_t DeviceListener::port() const { return state_->acceptor.local_endpoint().port(); }

void DeviceListener::start(Take take) {
  state_->take = std::move(take);
  state_->wait();
}

}  // namespace weir
