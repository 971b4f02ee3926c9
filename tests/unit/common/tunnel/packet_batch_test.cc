#include "common/tunnel/packet_batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace weir {
namespace {

class FakeTun final : public TunIo {
 public:
  int poll_fd() const override { return -1; }
  Result<std::size_t> read(ByteSpan /*into*/) override { return std::size_t{0}; }
  bool write(ByteSpan packet) override {
    if (refuse) return false;
    written.emplace_back(as_text(packet));
    return true;
  }

  bool refuse = false;
  std::vector<std::string> written;
};

class FakeUdp final : public UdpIo {
 public:
  std::vector<int> poll_fds() const override { return {}; }
  std::span<const ReceivedDatagram> receive() override { return {}; }
  SendReport send(std::span<const OutgoingDatagram> batch) override {
    batches.push_back(batch.size());
    for (const OutgoingDatagram& datagram : batch) sent.emplace_back(as_text(datagram.bytes));
    return {.sent = batch.size() - refuse, .refused = refuse, .lost_locals = lost};
  }

  std::size_t refuse = 0;
  std::vector<IpAddress> lost;
  std::vector<std::size_t> batches;
  std::vector<std::string> sent;
};

class PacketBatchOnFakes : public testing::Test {
 protected:
  void send(const std::string& text) {
    const ByteSpan buffer = batch_.send_buffer(to_, text.size()).first(text.size());
    std::ranges::copy(text, buffer.begin());
    batch_.send(to_, buffer);
  }

  FakeTun tun_;
  FakeUdp udp_;
  PacketBatch batch_{tun_, udp_};
  UdpPath to_;
};

TEST_F(PacketBatchOnFakes, SendsNothingUntilFlushed) {
  send("a");
  send("b");
  EXPECT_TRUE(udp_.sent.empty());
  batch_.flush();
  EXPECT_EQ(udp_.sent, (std::vector<std::string>{"a", "b"}));
  batch_.flush();
  EXPECT_EQ(udp_.batches, (std::vector<std::size_t>{2}));
}

TEST_F(PacketBatchOnFakes, MakesRoomByItself) {
  std::vector<std::string> wanted;
  for (std::size_t i = 0; i < 3 * UdpIo::k_batch_max; ++i) {
    wanted.push_back(std::to_string(i));
    send(wanted.back());
  }
  batch_.flush();
  EXPECT_EQ(udp_.sent, wanted);
  EXPECT_EQ(*std::ranges::max_element(udp_.batches), UdpIo::k_batch_max);
}

TEST_F(PacketBatchOnFakes, ReadsAnInnerPacketWhereItsDatagramLeavesFrom) {
  for (std::size_t i = 0; i < 2 * UdpIo::k_batch_max + 1; ++i) {
    const ByteSpan inner = batch_.inner_buffer();
    ASSERT_GE(inner.size(), 65535u);
    const ByteSpan datagram = batch_.send_buffer(to_, 65535 + 32);
    ASSERT_EQ(datagram.data() + 16, inner.data());
    ASSERT_GE(datagram.size(), 65535u + 32);
    batch_.send(to_, datagram.first(1));
  }
}

TEST_F(PacketBatchOnFakes, ForgetsABufferThatWasNotSent) {
  std::ranges::copy(std::string("x"), batch_.send_buffer(to_, 1).begin());
  send("y");
  batch_.flush();
  EXPECT_EQ(udp_.sent, (std::vector<std::string>{"y"}));
}

TEST_F(PacketBatchOnFakes, ReportsWhatTheKernelTookAndRefused) {
  std::string packet = "packet";
  const ByteSpan bytes(reinterpret_cast<std::uint8_t*>(packet.data()), packet.size());
  batch_.deliver(bytes);
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

}  // namespace
}  // namespace weir
