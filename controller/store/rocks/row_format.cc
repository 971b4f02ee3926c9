#include "controller/store/rocks/row_format.h"

#include <algorithm>

#include "common/base/bytes.h"
#include "common/base/text.h"
#include "common/crypto/sha256.h"

namespace weir::controller {
namespace {

constexpr char k_format = 1;
constexpr std::size_t k_hash_size = 16;
constexpr std::size_t k_row_prefix = 1 + 8 + k_hash_size;
constexpr std::size_t k_head_body = 1 + 8 + 8 + 16;

void append_be64(std::string& text, std::uint64_t value) {
  std::array<std::uint8_t, 8> bytes{};
  store_be64(bytes.data(), value);
  text += as_text(bytes);
}

std::uint64_t be64_at(std::string_view text, std::size_t offset) {
  return load_be64(as_bytes(text).data() + offset);
}

void append_hash(std::string& text, const SetHash& hash) {
  append_be64(text, hash.words[0]);
  append_be64(text, hash.words[1]);
}

SetHash hash_at(std::string_view text, std::size_t offset) {
  return {{be64_at(text, offset), be64_at(text, offset + 8)}};
}

SetHash first_words(const Sha256Digest& digest) {
  return {{load_be64(digest.data()), load_be64(digest.data() + 8)}};
}

}  // namespace

void SetHash::add(const SetHash& row) {
  words[0] += row.words[0];
  words[1] += row.words[1];
}

void SetHash::remove(const SetHash& row) {
  words[0] -= row.words[0];
  words[1] -= row.words[1];
}

SetHash hash_row(std::string_view key, std::string_view value, std::uint64_t version) {
  std::string numbers;
  append_be64(numbers, version);
  append_be64(numbers, key.size());
  Sha256 hash;
  hash.update(as_bytes(numbers));
  hash.update(as_bytes(key));
  hash.update(as_bytes(value));
  return first_words(hash.finish());
}

std::string encode_row(std::string_view key, std::string_view value, std::uint64_t version) {
  std::string stored(1, k_format);
  stored.reserve(k_row_prefix + value.size());
  append_be64(stored, version);
  append_hash(stored, hash_row(key, value, version));
  stored += value;
  return stored;
}

Result<Row> decode_row(std::string_view key, std::string_view stored) {
  if (stored.size() < k_row_prefix || stored[0] != k_format) {
    return fail(Code::data_loss, "store key " + in_quotes(key) + " holds no row of this format");
  }
  const std::uint64_t version = be64_at(stored, 1);
  const std::string_view value = stored.substr(k_row_prefix);
  if (hash_at(stored, 9) != hash_row(key, value, version)) {
    return fail(Code::data_loss, "the row of store key " + in_quotes(key) + " is damaged");
  }
  return Row{std::string(key), std::string(value), version};
}

std::string encode_head(const Head& head) {
  std::string stored(1, k_format);
  append_be64(stored, head.version);
  append_be64(stored, head.rows);
  append_hash(stored, head.sum);
  append_hash(stored, first_words(sha256(as_bytes(stored))));
  return stored;
}

Result<Head> decode_head(std::string_view stored) {
  const bool sized = stored.size() == k_head_body + k_hash_size && stored[0] == k_format;
  if (!sized || hash_at(stored, k_head_body) !=
                    first_words(sha256(as_bytes(stored.substr(0, k_head_body))))) {
    return fail(Code::data_loss, "the store's head row is damaged");
  }
  return Head{be64_at(stored, 1), be64_at(stored, 9), hash_at(stored, 17)};
}

}  // namespace weir::controller
