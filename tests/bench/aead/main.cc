// What sealing and opening a packet costs: every kernel this machine runs, by size of packet and by
// how many are handed over at once. The kernels take turns, so that a neighbour's noise falls on
// all of them; nanoseconds of this thread per packet, the median of the rounds with their least and
// their upper quartile.
//
// usage: scripts/bench aead [--json] [--rounds N]

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "common/aead/packet_keys.h"

namespace weir {
namespace {

constexpr std::size_t k_sizes[] = {64, 128, 256, 512, 1024, 1424, 1452, 9000, 65535};
constexpr std::size_t k_batches[] = {1, 8, 32};
/// Between two readings of the clock, which costs as much as a small packet.
constexpr std::size_t k_packets_a_reading = 128;
constexpr double k_round_ns = 4e5;  ///< short beside a time slice, long beside the clock's reading

double now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return 1e9 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec);
}

/// Packets in a row, as a batch has them, with room for the tags and not aligned.
class Packets {
 public:
  Packets(std::size_t size, std::size_t count) : bytes_(count * (size + k_gap)) {
    for (std::size_t i = 0; i < count; ++i) {
      std::uint8_t* const text = bytes_.data() + i * (size + k_gap) + 16;
      to_seal_.push_back({0, text, size});
      to_open_.push_back({0, text, size, false});
    }
  }
  void seal(PacketSealKey& key) {
    for (PacketToSeal& packet : to_seal_) packet.counter = counter_++;
    key.seal_many(to_seal_);
  }
  void open(PacketOpenKey& key) {
    for (std::size_t i = 0; i < to_open_.size(); ++i) to_open_[i].counter = to_seal_[i].counter;
    key.open_many(to_open_);
    for (const PacketToOpen& packet : to_open_) {
      if (!packet.genuine) std::abort();
    }
  }

 private:
  static constexpr std::size_t k_gap = 16 + k_aead_tag_size + 1;
  ByteVector bytes_;
  std::vector<PacketToSeal> to_seal_;
  std::vector<PacketToOpen> to_open_;
  std::uint64_t counter_ = 0;
};

struct Cost {
  double least = 0;
  double median = 0;
  double upper_quartile = 0;
};

Cost cost_of(std::vector<double> rounds) {
  std::ranges::sort(rounds);
  return {rounds.front(), rounds[rounds.size() / 2], rounds[rounds.size() * 3 / 4]};
}

/// One kernel's turns at one size and batch.
class Contender {
 public:
  Contender(AeadKernel kernel, const SecretKey& key)
      : kernel_(kernel), sealer_(key, kernel), opener_(key, kernel) {}

  void turn(std::size_t size, std::size_t batch) {
    // Enough batches of packets for a round, each sealed once and then opened once.
    const double each_ns = 100 + 0.6 * static_cast<double>(size);
    const auto wanted = static_cast<std::size_t>(k_round_ns / each_ns / static_cast<double>(batch));
    const std::size_t batches = std::clamp<std::size_t>(wanted, 1, k_packets_a_reading / batch);
    const std::size_t repeats = std::max<std::size_t>(wanted / batches, 1);
    std::vector<Packets> row;
    row.reserve(batches);
    for (std::size_t i = 0; i < batches; ++i) row.emplace_back(size, batch);
    double seal_ns = 0;
    double open_ns = 0;
    for (std::size_t i = 0; i < repeats; ++i) {
      const double start = now_ns();
      for (Packets& packets : row) packets.seal(sealer_);
      const double between = now_ns();
      for (Packets& packets : row) packets.open(opener_);
      seal_ns += between - start;
      open_ns += now_ns() - between;
    }
    const auto packets = static_cast<double>(repeats * batches * batch);
    seal_.push_back(seal_ns / packets);
    open_.push_back(open_ns / packets);
  }

  AeadKernel kernel() const { return kernel_; }
  Cost seal() const { return cost_of(seal_); }
  Cost open() const { return cost_of(open_); }
  void forget() {
    seal_.clear();
    open_.clear();
  }

 private:
  AeadKernel kernel_;
  PacketSealKey sealer_;
  PacketOpenKey opener_;
  std::vector<double> seal_;
  std::vector<double> open_;
};

std::string cell(const Cost& cost) {
  return fmt::format("{:7.0f} ({:.0f}..{:.0f})", cost.median, cost.least, cost.upper_quartile);
}

std::string json(const Cost& cost) {
  return fmt::format(R"({{"least": {:.1f}, "median": {:.1f}, "upper_quartile": {:.1f}}})",
                     cost.least, cost.median, cost.upper_quartile);
}

void run(bool as_json, int rounds) {
  SecretKey key;
  std::ranges::fill(key.writable(), std::uint8_t{0x42});
  std::vector<std::unique_ptr<Contender>> contenders;
  for (const AeadKernel kernel : aead_kernels()) {
    contenders.push_back(std::make_unique<Contender>(kernel, key));
  }
  if (as_json) fmt::print("[");
  if (!as_json) {
    fmt::print("ns per packet: median (least..upper quartile) of {} rounds\n", rounds);
    fmt::print("{:>6} {:>6}  {:12} {:>24} {:>24}\n", "bytes", "batch", "kernel", "seal", "open");
  }
  bool first = true;
  for (const std::size_t size : k_sizes) {
    for (const std::size_t batch : k_batches) {
      for (const auto& contender : contenders) contender->turn(size, batch);
      for (const auto& contender : contenders) contender->forget();
      for (int round = 0; round < rounds; ++round) {
        for (const auto& contender : contenders) contender->turn(size, batch);
      }
      for (const auto& contender : contenders) {
        const std::string_view name = name_of(contender->kernel());
        if (as_json) {
          fmt::print("{}\n  {{\"bytes\": {}, \"batch\": {}, \"kernel\": \"{}\", ", first ? "" : ",",
                     size, batch, name);
          fmt::print("\"seal_ns\": {}, \"open_ns\": {}}}", json(contender->seal()),
                     json(contender->open()));
        } else {
          fmt::print("{:6} {:6}  {:12} {:>24} {:>24}\n", size, batch, name, cell(contender->seal()),
                     cell(contender->open()));
        }
        first = false;
        contender->forget();
      }
    }
  }
  if (as_json) fmt::print("\n]\n");
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  bool as_json = false;
  int rounds = 41;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--json") {
      as_json = true;
    } else if (word == "--rounds" && i + 1 < argc) {
      const std::string_view number = argv[++i];
      std::from_chars(number.data(), number.data() + number.size(), rounds);
    } else {
      fmt::print(stderr, "usage: weir-bench-aead [--json] [--rounds N]\n");
      return 2;
    }
  }
  weir::run(as_json, std::max(rounds, 1));
  return 0;
}
