// Datagrams that lie one behind the other, as the kernel joins them, given to one engine as they
// are and to its twin one by one: both deliver the same, count the same and answer the same.
//
//     size (1) | where the last ends (1) | for each datagram: kind (1), which (1)
//
// The twins have one key and one source of randomness; a third engine speaks to both.

#include <algorithm>
#include <cstdlib>

#include "common/tunnel/messages.h"
#include "tests/doubles/tunnel_world.h"

namespace weir {
namespace {

constexpr std::size_t k_datagrams_max = 70;

struct Recorder final : EngineOutput {
  ByteSpan send_buffer(const UdpPath&, std::size_t size) override {
    arena.assign(size, 0);
    return arena;
  }
  std::size_t room() const override { return 0; }
  void send(const UdpPath&, ByteSpan datagrams, std::size_t size) override {
    for (; !datagrams.empty(); datagrams = datagrams.subspan(std::min(size, datagrams.size()))) {
      const ByteSpan one = datagrams.first(std::min(size, datagrams.size()));
      sent.emplace_back(one.begin(), one.end());
    }
  }
  void deliver(ByteSpan packet) override { delivered.emplace_back(packet.begin(), packet.end()); }

  ByteVector arena;
  std::vector<ByteVector> sent;
  std::vector<ByteVector> delivered;
};

class Node {
 public:
  Node(std::uint64_t seed, std::uint8_t host) : keys_(seed), host_(host) {
    PrivateKey key;
    keys_.fill(key.writable());
    engine.set_private_key(key, Time(), out);
    engine.bring_up(Time(), out);
  }
  Endpoint at() const { return {IpAddress::v4(0xc0000200U + host_), 51820}; }
  IpAddress inner() const { return IpAddress::v4(0x0a5a0000U + host_); }
  void meet(const Node& other) {
    PeerUpdate update;
    update.public_key = *other.engine.public_key();
    update.endpoint = other.at();
    update.allowed_ips = {IpPrefix::host(other.inner())};
    if (!engine.update_peer(update, Time(), out)) std::abort();
  }

 private:
  SeededKeys keys_;
  const std::uint8_t host_;

 public:
  Recorder out;
  Engine engine{{}, keys_, [] { return WallTime(std::chrono::hours(500'000)); }};
};

class Twins {
 public:
  Twins() {
    speaker_.meet(whole_);
    whole_.meet(speaker_);
    single_.meet(speaker_);
    shake_hands();
  }

  /// Sizes that a message of ours can have, whatever its kind.
  void choose_size(std::uint8_t wish) {
    constexpr std::array<std::size_t, 6> k_sizes = {
        wire::k_initiation_size, wire::k_response_size, wire::k_cookie_size, 52, 400, 1452};
    size_ = k_sizes[wish % k_sizes.size()];
    speaker_.engine.set_mtu(size_ - wire::k_data_size_min);
  }

  void add(std::uint8_t kind, std::uint8_t which) {
    switch (kind % 8) {
      case 0:  // again, of this session or an earlier one, of this size or another
        if (!packets_.empty()) put(packets_[packets_.size() - 1 - which % packets_.size()]);
        break;
      case 1: {
        ByteVector broken = next_packet(which);
        const std::size_t bit = (std::size_t{which} * 37U + kind) % (broken.size() * 8);
        broken[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        put(broken);
        break;
      }
      case 2:
        put(ByteVector(size_, which));
        break;
      case 3:
        if (!handshakes_.empty()) put(handshakes_[which % handshakes_.size()]);
        break;
      case 4:
        if (kind >= 128) shake_hands();
        break;
      default:
        put(next_packet(which));
    }
  }

  /// The last datagram may be shorter than the others.
  void deliver(std::uint8_t last) {
    if (vector_.empty()) return;
    vector_.resize(vector_.size() - last % size_);
    for (std::size_t at = 0; at < vector_.size(); at += size_) {
      ByteVector one(
          vector_.begin() + static_cast<std::ptrdiff_t>(at),
          vector_.begin() + static_cast<std::ptrdiff_t>(std::min(at + size_, vector_.size())));
      single_.engine.on_datagram(one, UdpPath{.remote = from_}, now_, single_.out);
    }
    whole_.engine.on_datagrams(vector_, size_, UdpPath{.remote = from_}, now_, whole_.out);
    expect_twins();
  }

 private:
  void put(ByteVector datagram) {
    datagram.resize(size_);
    vector_.insert(vector_.end(), datagram.begin(), datagram.end());
  }

  /// What the speaker says next, sometimes from an address that is not its own.
  ByteVector next_packet(std::uint8_t which) {
    ByteVector text(size_ - wire::k_data_size_min - 20, which);
    const IpAddress from = which % 16 == 0 ? whole_.inner() : speaker_.inner();
    const ByteVector packet = ipv4_packet(from, whole_.inner(), text);
    speaker_.out.sent.clear();
    speaker_.engine.on_inner_packet(packet, now_, speaker_.out);
    if (speaker_.out.sent.empty()) std::abort();
    packets_.push_back(speaker_.out.sent.front());
    return packets_.back();
  }

  /// A new session between the speaker and both twins.
  void shake_hands() {
    now_ += std::chrono::seconds(6);
    speaker_.engine.take_down();
    speaker_.engine.bring_up(now_, speaker_.out);
    speaker_.out.sent.clear();
    speaker_.engine.on_inner_packet(ipv4_packet(speaker_.inner(), whole_.inner(), {}), now_,
                                    speaker_.out);
    if (speaker_.out.sent.size() != 1) std::abort();
    ByteVector initiation = speaker_.out.sent.front();
    handshakes_.push_back(initiation);
    ByteVector again = initiation;
    whole_.engine.on_datagram(initiation, UdpPath{.remote = speaker_.at()}, now_, whole_.out);
    single_.engine.on_datagram(again, UdpPath{.remote = speaker_.at()}, now_, single_.out);
    if (whole_.out.sent.empty()) std::abort();
    ByteVector response = whole_.out.sent.back();
    handshakes_.push_back(response);
    speaker_.out.sent.clear();
    speaker_.engine.on_datagram(response, UdpPath{.remote = whole_.at()}, now_, speaker_.out);
    for (const ByteVector& packet : speaker_.out.sent) packets_.push_back(packet);
    expect_twins();
  }

  void expect_twins() {
    if (whole_.out.delivered != single_.out.delivered) std::abort();
    if (whole_.out.sent != single_.out.sent) std::abort();
    if (whole_.engine.state() != single_.engine.state()) std::abort();
    if (whole_.engine.next_timer() != single_.engine.next_timer()) std::abort();
    if (whole_.engine.counters() != single_.engine.counters()) std::abort();
  }

  Time now_{std::chrono::hours(1)};
  Node speaker_{1, 1};
  Node whole_{2, 2};
  Node single_{2, 2};
  const Endpoint from_ = *Endpoint::parse("203.0.113.66:66");
  std::size_t size_ = wire::k_initiation_size;
  ByteVector vector_;
  std::vector<ByteVector> packets_;
  std::vector<ByteVector> handshakes_;
};

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  weir::Twins twins;
  twins.choose_size(data[0]);
  const std::size_t count = std::min((size - 2) / 2, weir::k_datagrams_max);
  for (std::size_t i = 0; i < count; ++i) twins.add(data[2 + 2 * i], data[3 + 2 * i]);
  twins.deliver(data[1]);
  return 0;
}
