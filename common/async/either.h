#pragma once

#include <boost/asio/awaitable.hpp>

namespace weir {

/// Runs two waits until one ends, and tells which: 0 or 1. The other is cancelled and has ended
/// too. Only on an executor of one thread. When the caller is cancelled, both are.
///
/// The operators of Asio do the same, but are compiled, with four coroutine frames a use, into each
/// file that writes them. A wait that has something to tell writes it to a variable of the caller.
boost::asio::awaitable<int> either(boost::asio::awaitable<void> first,
                                   boost::asio::awaitable<void> second);
/// The usual case: the second is a sleep, and what it returns does not matter.
boost::asio::awaitable<int> either(boost::asio::awaitable<void> first,
                                   boost::asio::awaitable<bool> second);

}  // namespace weir
