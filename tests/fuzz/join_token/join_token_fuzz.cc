// A join token from a hostile file: never a crash, and what is accepted means the same when written
// again. The second half of the inputs gets a checksum that fits, so that the fuzzer passes it.

#include <cstdint>
#include <string>

#include "common/base/assert.h"
#include "common/base/bytes.h"
#include "common/join/join_token.h"

namespace {

void check(std::string_view text) {
  const auto token = weir::decode_join_token(text);
  if (!token) return;
  const std::string again = weir::encode_join_token(*token);
  const auto second = weir::decode_join_token(again);
  WEIR_ASSERT(second && *second == *token, "written again it reads differently");
  WEIR_ASSERT(token->controller.port != 0 && token->expires_unix_s >= 0, "a rule is not kept");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check({reinterpret_cast<const char*>(data), size});
  weir::ByteVector sealed(data, data + size);
  const weir::Sha256Digest digest = weir::sha256(sealed);
  sealed.insert(sealed.end(), digest.begin(), digest.begin() + 4);
  check("weir1." + weir::to_base64url(sealed));
  return 0;
}
