#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "controller/store/store.h"

namespace weir::controller {

/// How rows lie in RocksDB. Each carries a hash over its key, version and value, and the head row
/// (written by every commit) carries the sum of the hashes of all rows. So a row that is damaged,
/// missing, too old or too many is noticed when the store opens, whatever layer lost it.
///
///   row    0x01, version be64, 16 bytes of SHA-256(version, key size, key, value), value
///   head   0x01, version be64, rows be64, sum be64 x 2, 16 bytes of SHA-256 of all before
inline constexpr std::string_view k_head_key("\0head", 5);

/// Sum, modulo 2^64 per word, over a set of rows: order does not matter, a row can be taken out.
struct SetHash {
  std::array<std::uint64_t, 2> words{};
  void add(const SetHash& row);
  void remove(const SetHash& row);
  friend bool operator==(const SetHash&, const SetHash&) = default;
};

struct Head {
  std::uint64_t version = 0;  // of the newest commit
  std::uint64_t rows = 0;
  SetHash sum;
  friend bool operator==(const Head&, const Head&) = default;
};

SetHash hash_row(std::string_view key, std::string_view value, std::uint64_t version);

std::string encode_row(std::string_view key, std::string_view value, std::uint64_t version);
/// Errors: data_loss (too short, unknown format, hash differs; the message names the key).
Result<Row> decode_row(std::string_view key, std::string_view stored);

std::string encode_head(const Head& head);
/// Errors: data_loss.
Result<Head> decode_head(std::string_view stored);

}  // namespace weir::controller
