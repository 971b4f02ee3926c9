// What the UAPI leaves in memory that it gave back. This program replaces operator delete, and
// looks at every piece before it goes: so it is a program of its own.

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "common/crypto/secret_text.h"
#include "common/tunnel/uapi.h"

namespace {

constexpr std::string_view k_digits = "c0ffee";  // repeated: the key of every test here
bool watching = false;
int leaks = 0;

void look_and_free(void* memory) noexcept {
  if (watching && memory != nullptr) {
    const std::string_view bytes(static_cast<const char*>(memory), malloc_usable_size(memory));
    // Twelve digits of the key in a row are no accident.
    if (bytes.find("c0ffeec0ffee") != std::string_view::npos) ++leaks;
  }
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
  if (void* const memory = std::calloc(1, size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { look_and_free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { look_and_free(memory); }

namespace weir {
namespace {

std::string key_in_hex() {
  std::string text;
  while (text.size() < 64) text += k_digits;
  return text.substr(0, 64);
}

class UapiSecrets : public testing::Test {
 protected:
  void SetUp() override {
    leaks = 0;
    watching = true;
  }
  void TearDown() override { watching = false; }
};

TEST_F(UapiSecrets, TheWatchSeesWhatIsLeftBehind) {
  {
    const std::string careless = key_in_hex();
  }
  EXPECT_GE(leaks, 1);
}

TEST_F(UapiSecrets, AreGoneAfterASetHoweverItsBytesArrived) {
  std::string text = "set=1\nprivate_key=" + key_in_hex() + "\npublic_key=" + std::string(64, '2') +
                     "\npreshared_key=" + key_in_hex() + "\n\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    leaks = 0;
    {
      UapiParser parser;
      parser.feed(std::string_view(text).substr(0, cut));  // and perhaps never the rest
      if (cut % 2 == 0) parser.feed(std::string_view(text).substr(cut));
    }
    EXPECT_EQ(leaks, 0) << "cut at " << cut;
  }
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = ' ';
}

TEST_F(UapiSecrets, AreNowhereButInTheAnswerToAGet) {
  const std::string hex = key_in_hex();
  SecretKey key;
  const ByteVector bytes = *from_hex(hex);
  std::memcpy(key.writable().data(), bytes.data(), 32);
  DeviceState device;
  device.private_key = key;
  for (int i = 0; i < 20; ++i) {
    PeerState& peer = device.peers.emplace_back();
    peer.preshared_key = key;
    peer.endpoint = *Endpoint::parse("[fe80:1111:2222:3333:4444:5555:6666:7777]:51820");
    peer.endpoint_interface = UINT32_MAX;
    peer.last_handshake = WallTime::max();
    peer.rx_bytes = peer.tx_bytes = UINT64_MAX;
    peer.allowed_ips.assign(5, *IpPrefix::parse("fd00:1111:2222:3333:4444:5555:6666:7777/128"));
  }
  leaks = 0;
  std::string answer = print_uapi_get({.device = device, .listen_port = 51820, .fwmark = 1});
  EXPECT_EQ(leaks, 0);
  EXPECT_NE(answer.find(hex), std::string::npos);
  wipe_text(answer);
}

}  // namespace
}  // namespace weir
