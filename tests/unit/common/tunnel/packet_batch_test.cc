#include "common/tunnel/packet_batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/doubles/transport_packets.h"

namespace weir {
namespace {

class FakeTun final : public TunIo {
 public:
  Offloads offloads() const override { return {.tcp = true, .udp = true}; }
  int poll_fd() const override { return -1; }
  Result<Read> read(ByteSpan /*into*/) override { return Read{}; }
  Written write(const VnetHeader& header, std::span<const iovec> pieces) override {
    if (refuse) return Written::refused;
    if (header.gso_type != k_vnet_gso_none) {
      if (no_joined) return Written::unsupported;
      ++joined;
    }
    std::string& packet = written.emplace_back();
    for (const iovec& piece : pieces)
      packet.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    return Written::taken;
  }

  bool refuse = false;
  bool no_joined = false;
  std::size_t joined = 0;
  std::vector<std::string> written;
};

class FakeUdp final : public UdpIo {
 public:
  std::span<const int> poll_fds() const override { return {}; }
  std::span<const ReceivedDatagrams> receive(std::size_t) override { return {}; }
  SendReport send(std::span<const OutgoingDatagrams> batch) override {
    batches.push_back(batch.size());
    std::size_t count = 0;
    for (const OutgoingDatagrams& run : batch) {
      EXPECT_LE(run.count(), k_run_count_max);
      EXPECT_TRUE(run.count() == 1 || run.bytes.size() <= k_run_bytes_max);
      count += run.count();
      for (std::size_t at = 0; at < run.bytes.size(); at += run.size) {
        sent.emplace_back(
            as_text(run.bytes.subspan(at, std::min(run.size, run.bytes.size() - at))));
      }
    }
    return {.sent = count - refuse, .refused = refuse, .lost_locals = lost};
  }

  std::size_t refuse = 0;
  std::vector<IpAddress> lost;
  std::vector<std::size_t> batches;
  std::vector<std::string> sent;
};

class PacketBatchOnFakes : public testing::Test {
 protected:
  void send(const std::string& text, std::size_t size = 0, const UdpPath& to = {}) {
    const ByteSpan buffer = batch_.send_buffer(to, text.size());
    std::ranges::copy(text, buffer.begin());
    batch_.send(to, buffer, size == 0 ? text.size() : size);
  }
  std::size_t runs() {
    batch_.flush();
    return udp_.batches.empty() ? 0 : udp_.batches.back();
  }

  FakeTun tun_;
  FakeUdp udp_;
  PacketBatch batch_{tun_, udp_};
};

using Texts = std::vector<std::string>;

TEST_F(PacketBatchOnFakes, SendsNothingUntilFlushed) {
  send("a");
  send("b");
  EXPECT_TRUE(udp_.sent.empty());
  batch_.flush();
  EXPECT_EQ(udp_.sent, (Texts{"a", "b"}));
  batch_.flush();
  EXPECT_EQ(udp_.batches.size(), 1U);
}

TEST_F(PacketBatchOnFakes, MakesARunOfWhatHasOneSizeAndOneReceiver) {
  const UdpPath other{.remote = {IpAddress::v4(5), 1}, .local = {}};
  send("aa");
  send("bbcc", 2);
  send("d");  // the last may be shorter
  EXPECT_EQ(runs(), 1U);
  send("aa");
  send("b");
  send("c");  // a shorter one has ended the run
  EXPECT_EQ(runs(), 2U);
  send("aa");
  send("bb", 0, other);
  send("cc");
  EXPECT_EQ(runs(), 3U);
  send("a");
  send("bb");  // a longer one
  EXPECT_EQ(runs(), 2U);
  EXPECT_EQ(udp_.sent, (Texts{"aa", "bb", "cc", "d", "aa", "b", "c", "aa", "bb", "cc", "a", "bb"}));
}

TEST_F(PacketBatchOnFakes, CutsRunsWhereAKernelWould) {
  Texts wanted;
  for (int i = 0; i < 150; ++i) send(wanted.emplace_back(1, static_cast<char>(i)));
  EXPECT_EQ(runs(), 3U);
  EXPECT_EQ(udp_.sent, wanted);
  for (int i = 0; i < 50; ++i) send(std::string(1452, 'x'));
  EXPECT_EQ(runs(), 2U);
}

TEST_F(PacketBatchOnFakes, MakesRoomByItself) {
  Texts wanted;
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(batch_.room() >= 60000 || !udp_.sent.empty() || i >= 5);
    send(wanted.emplace_back(60000, static_cast<char>(i)));
  }
  for (std::size_t i = 0; i < 3 * UdpIo::k_batch_max; ++i) {
    send(wanted.emplace_back(i % 2 + 1, 'x'));  // hardly two in one run
  }
  batch_.flush();
  EXPECT_EQ(udp_.sent, wanted);
}

TEST_F(PacketBatchOnFakes, HasSeveralBuffersOnTheirWay) {
  const ByteSpan first = batch_.send_buffer({}, 2);
  const ByteSpan second = batch_.send_buffer({}, 2);
  std::ranges::copy(std::string("bb"), second.begin());
  std::ranges::copy(std::string("aa"), first.begin());
  batch_.send({}, first, 2);
  batch_.send({}, second, 2);
  EXPECT_EQ(runs(), 1U);
  EXPECT_EQ(udp_.sent, (Texts{"aa", "bb"}));
}

TEST_F(PacketBatchOnFakes, ForgetsABufferThatWasNotSent) {
  std::ranges::copy(std::string("x"), batch_.send_buffer({}, 1).begin());
  send("y");
  batch_.flush();
  EXPECT_EQ(udp_.sent, (Texts{"y"}));
}

TEST_F(PacketBatchOnFakes, ReportsWhatTheKernelTookAndRefused) {
  std::string packet = "packet";
  const ByteSpan bytes(reinterpret_cast<std::uint8_t*>(packet.data()), packet.size());
  batch_.deliver(bytes);
  EXPECT_TRUE(tun_.written.empty());
  batch_.flush();
  tun_.refuse = true;
  batch_.deliver(bytes);
  udp_.refuse = 1;
  udp_.lost = {IpAddress::v4(1)};
  send("a");
  send("b");
  batch_.flush();
  const PacketBatch::Report report = batch_.take_report();
  EXPECT_EQ(report.packets_delivered, 1u);
  EXPECT_EQ(report.packets_refused, 1u);
  EXPECT_EQ(report.datagrams_sent, 1u);
  EXPECT_EQ(report.datagrams_refused, 1u);
  EXPECT_EQ(report.lost_locals, udp_.lost);
  EXPECT_EQ(batch_.take_report().datagrams_sent, 0u);
}

TEST_F(PacketBatchOnFakes, JoinsUntilTheKernelRefusesIt) {
  TransportSpec spec;
  ByteVector a = make_packet(spec);
  spec.sequence += 100;
  ++spec.id;
  ByteVector b = make_packet(spec);
  const auto both = [&] {
    batch_.deliver(a);
    batch_.deliver(b);
    batch_.flush();
  };
  both();
  EXPECT_EQ(tun_.joined, 1U);
  a = make_packet(TransportSpec{});
  tun_.no_joined = true;
  both();
  EXPECT_EQ(tun_.written.size(), 3U);
  EXPECT_FALSE(batch_.joined().tcp);
  EXPECT_TRUE(batch_.joined().udp);
  tun_.no_joined = false;
  both();
  EXPECT_EQ(tun_.joined, 1U) << "never again";
  EXPECT_EQ(batch_.take_report().packets_delivered, 6U);
}

}  // namespace
}  // namespace weir
