#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "agent/discovery/discovery.h"
#include "common/async/clock.h"

namespace weir::agent {

/// Endpoints from a YAML file that is read again whenever it changes.
///
/// The directory is watched, so that a file put in place by `rename` is seen, and the file is
/// looked at every `poll` in any case. A file that is gone or broken leaves the last good map in
/// force. Reading blocks for the time one read of at most 1 MiB takes.
class FileDiscovery final : public Discovery {
 public:
  /// `clock` outlives the discovery.
  FileDiscovery(std::filesystem::path file, Clock& clock,
                std::chrono::milliseconds poll = std::chrono::seconds(5));

  boost::asio::awaitable<void> run(Report report) override;

 private:
  void read(const Report& report);

  const std::filesystem::path file_;
  Clock& clock_;
  const std::chrono::milliseconds poll_;
  // What was last reported, so that nothing is said twice.
  bool reported_ = false;
  EndpointMap last_;
  std::string complaint_;
};

}  // namespace weir::agent
