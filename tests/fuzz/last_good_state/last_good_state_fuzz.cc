// The file an agent starts from when the controller is dead. Besides the bytes as they are, the
// input is taken as a payload under a right header, so that the fuzzer reaches what lies behind
// the checksum. What is accepted must say the same when it is written again.

#include <cstdint>
#include <cstdlib>

#include "agent/state/slot.h"
#include "common/model/codec.h"

namespace {

void read(weir::ByteView bytes) {
  const auto slot = weir::agent::decode_slot(bytes);
  if (!slot) return;
  weir::policy::v1::Revision message;
  if (!message.ParseFromArray(slot->payload.data(), static_cast<int>(slot->payload.size()))) return;
  const auto digest = weir::digest_of(message);
  message.set_digest(digest.data(), digest.size());
  const auto revision = weir::from_proto(message);
  if (!revision) return;
  const auto again = weir::from_proto(weir::to_proto(*revision));
  if (!again || again->services != revision->services || again->peers != revision->peers) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  read({data, size});
  read(weir::agent::encode_slot(1, {data, size}));
  return 0;
}
