#pragma once

#include <iosfwd>

namespace weir::cli {

/// The process's streams and what they are.
struct Terminal {
  std::ostream& out;  // data
  std::ostream& err;  // messages, questions, errors
  std::istream& in;
  bool in_is_tty = false;
  bool out_is_tty = false;
  bool colour = false;
};

}  // namespace weir::cli
