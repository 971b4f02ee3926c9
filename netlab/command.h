#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "netlab/link_text.h"

namespace weir::netlab {

// The control protocol: one command per line over the lab's unix socket, words separated by single
// blanks. The answer is one line: "ok", "ok <JSON>", or "error <why>".
//
//   set FROM TO one|both KEY=VALUE...    settings as in the topology
//   cut FROM TO one|both                 packets in flight there are dropped too
//   isolate NODE                         cuts every link of the node
//   heal [NODE [PEER]]                   back to what the topology says: not cut, first settings
//   show                                 everything, as JSON
//   capture FILE all | FILE FROM TO one|both     every packet offered to the links, as pcap
//   release                              ends the capture; the file is complete when "ok" comes
//   down                                 ends the lab

inline constexpr std::size_t k_command_bytes_max = 4096;

struct LinkEnds {
  std::string from;
  std::string to;
  bool both = false;
};
struct Setting {
  std::string key;
  std::string value;
};

struct SetCommand {
  LinkEnds ends;
  std::vector<Setting> settings;  // valid ones
};
struct CutCommand {
  LinkEnds ends;
};
struct IsolateCommand {
  std::string node;
};
struct HealCommand {
  std::string node;  // empty: all links
  std::string peer;  // empty: all links of `node`
};
struct ShowCommand {};
struct CaptureCommand {
  std::string file;  // absolute
  bool all = false;
  LinkEnds ends;  // unless `all`
};
struct ReleaseCommand {};
struct DownCommand {};

using Command = std::variant<SetCommand, CutCommand, IsolateCommand, HealCommand, ShowCommand,
                             CaptureCommand, ReleaseCommand, DownCommand>;

/// Reads one line without its line end.
/// Errors: invalid_argument (names the word and the rule).
Result<Command> parse_command(std::string_view line);

}  // namespace weir::netlab
