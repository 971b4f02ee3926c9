#include "controller/web/gzip.h"

#include <zlib.h>

#include <array>

#include "common/base/assert.h"

namespace weir::controller {

namespace {

constexpr int k_with_gzip_head = 16 + MAX_WBITS;
constexpr int k_quick = 4;  // of 9

/// zlib wants its input not const, and leaves it as it is.
Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

}  // namespace

std::string gzip(std::string_view text) {
  z_stream stream{};
  const int opened =
      deflateInit2(&stream, k_quick, Z_DEFLATED, k_with_gzip_head, 8, Z_DEFAULT_STRATEGY);
  WEIR_ASSERT(opened == Z_OK, "no memory to compress");
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = bytes_of(text);
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = bytes_of(out);
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  WEIR_ASSERT(done == Z_STREAM_END, "the bound of deflate holds");
  return out;
}

std::string gunzip(std::string_view bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, k_with_gzip_head) != Z_OK) return "";
  stream.next_in = bytes_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  std::array<char, 16384> piece{};
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(piece.data(), piece.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  return state == Z_STREAM_END ? out : "";
}

}  // namespace weir::controller
