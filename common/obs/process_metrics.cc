#include "common/obs/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace weir {
namespace {

/// What follows the program's name in /proc/self/stat, from field 3 on.
struct Stat {
  double cpu_s = 0;
  double started_after_boot_s = 0;
  double virtual_bytes = 0;
  double resident_bytes = 0;
  double threads = 0;
};

std::optional<Stat> read_stat() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  std::string state;
  fields >> state;
  std::array<double, 22> numbers{};  // fields 4 to 25
  for (double& number : numbers) fields >> number;
  if (!fields) return std::nullopt;
  const auto field = [&numbers](std::size_t number) { return numbers[number - 4]; };
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  return Stat{.cpu_s = (field(14) + field(15)) / ticks,
              .started_after_boot_s = field(22) / ticks,
              .virtual_bytes = field(23),
              .resident_bytes = field(24) * page,
              .threads = field(20)};
}

std::optional<double> boot_unix_s() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return std::nullopt;
}

std::optional<double> open_descriptors() {
  std::error_code problem;
  const std::filesystem::directory_iterator entries("/proc/self/fd", problem);
  if (problem) return std::nullopt;
  const auto count = std::distance(begin(entries), end(entries));
  return static_cast<double>(count - 1);  // the listing itself
}

}  // namespace

void write_build(const std::string& component, const std::string& version, MetricWriter& writer) {
  writer.gauge("weir_build_info", "Always 1; which program this is, and its version.", 1,
               {{"component", component}, {"version", version}});
}

void write_loops(std::span<const Watchdog::Lag> lags, MetricWriter& writer) {
  for (const Watchdog::Lag& lag : lags) {
    const MetricWriter::Labels labels = {{"loop", lag.loop}};
    writer.gauge("weir_loop_lag_seconds", "How long a loop took to answer when last asked.",
                 std::chrono::duration<double>(lag.last).count(), labels);
    writer.gauge("weir_loop_lag_worst_seconds", "The longest a loop took since the start.",
                 std::chrono::duration<double>(lag.worst).count(), labels);
  }
}

void write_process(MetricWriter& writer) {
  if (const auto stat = read_stat()) {
    writer.counter("process_cpu_seconds_total", "User and system time spent.", stat->cpu_s);
    writer.gauge("process_resident_memory_bytes", "Memory in use.", stat->resident_bytes);
    writer.gauge("process_virtual_memory_bytes", "Address space in use.", stat->virtual_bytes);
    writer.gauge("process_threads", "Threads of the process.", stat->threads);
    if (const auto boot = boot_unix_s()) {
      writer.gauge("process_start_time_seconds", "When the process started, in Unix time.",
                   *boot + stat->started_after_boot_s);
    }
  }
  if (const auto open = open_descriptors()) {
    writer.gauge("process_open_fds", "File descriptors open.", *open);
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    writer.gauge("process_max_fds", "File descriptors that may be open.",
                 static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace weir
