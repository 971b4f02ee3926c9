#include "controller/store/rocks/witness.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "common/base/bytes.h"
#include "common/crypto/sha256.h"

namespace weir::controller {
namespace {

constexpr std::size_t k_slot_size = 32;
constexpr std::size_t k_slot_spacing = 512;
using Slot = std::array<std::uint8_t, k_slot_size>;

Slot make_slot(std::uint64_t version) {
  Slot slot{};
  std::ranges::copy(as_bytes("weirhead"), slot.begin());
  store_be64(slot.data() + 8, version);
  const Sha256Digest digest = sha256(ByteView(slot).first(16));
  std::copy_n(digest.begin(), 16, slot.begin() + 16);
  return slot;
}

}  // namespace

Status system_failure(const std::string& what, const std::string& path) {
  return fail(Code::unavailable,
              what + " " + path + ": " + std::error_code(errno, std::generic_category()).message());
}

Result<Witness> Witness::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return fail(system_failure("cannot open", path).error());
  Witness witness(file, path);
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    return fail(
        Code::failed_precondition,
        "store file " + path +
            " is in use by another process; stop the other weir-controller, or give this one "
            "another state_dir");
  }
  WEIR_TRY(witness.read());
  return witness;
}

Witness::Witness(Witness&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      path_(std::move(other.path_)),
      version_(other.version_),
      fresh_(other.fresh_) {}

Witness::~Witness() {
  if (file_ >= 0) ::close(file_);
}

Status Witness::read() {
  std::array<std::uint8_t, k_slot_spacing + k_slot_size> content{};
  const ssize_t got = ::pread(file_, content.data(), content.size(), 0);
  if (got < 0) return system_failure("cannot read", path_);
  bool valid = false;
  for (const std::size_t offset : {std::size_t{0}, k_slot_spacing}) {
    Slot slot{};
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), k_slot_size, slot.begin());
    const std::uint64_t version = load_be64(slot.data() + 8);
    if (slot != make_slot(version)) continue;
    version_ = std::max(version_, version);
    valid = true;
  }
  fresh_ = got == 0;
  if (!fresh_ && !valid) {
    return fail(Code::data_loss,
                "store file " + path_ + " is damaged; restore the whole state_dir from a backup");
  }
  return {};
}

Status Witness::write(std::uint64_t version, bool durable) {
  const Slot slot = make_slot(version);
  const auto offset = static_cast<off_t>((version % 2) * k_slot_spacing);
  if (::pwrite(file_, slot.data(), slot.size(), offset) != static_cast<ssize_t>(slot.size()) ||
      (durable && ::fsync(file_) != 0)) {
    return system_failure("cannot write", path_);
  }
  fresh_ = false;
  version_ = version;
  return {};
}

}  // namespace weir::controller
