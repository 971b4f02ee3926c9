#include "netlab/capture_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/text.h"

namespace weir::netlab {
namespace {

constexpr std::uint32_t k_magic_nanoseconds = 0xa1b23c4d;
constexpr std::uint32_t k_link_type_raw_ip = 101;
constexpr std::uint32_t k_snap_length = 65535;

}  // namespace

Result<CaptureFile> CaptureFile::create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  std::FILE* file = fd < 0 ? nullptr : ::fdopen(fd, "wb");
  if (file == nullptr) {
    const std::string why = std::strerror(errno);
    if (fd >= 0) ::close(fd);
    return fail(Code::unavailable, "capture file " + in_quotes(path) + ": " + why);
  }
  CaptureFile capture(file);
  std::array<std::uint8_t, 24> header{};
  store_le32(&header[0], k_magic_nanoseconds);
  header[4] = 2;  // version 2.4
  header[6] = 4;
  store_le32(&header[16], k_snap_length);
  store_le32(&header[20], k_link_type_raw_ip);
  capture.put(header);
  return capture;
}

void CaptureFile::write(ByteView packet, WallTime when) {
  const auto total = static_cast<std::uint64_t>(when.time_since_epoch().count());
  std::array<std::uint8_t, 16> header{};
  store_le32(&header[0], static_cast<std::uint32_t>(total / 1'000'000'000));
  store_le32(&header[4], static_cast<std::uint32_t>(total % 1'000'000'000));
  store_le32(&header[8], static_cast<std::uint32_t>(packet.size()));
  store_le32(&header[12], static_cast<std::uint32_t>(packet.size()));
  put(header);
  put(packet);
}

void CaptureFile::put(ByteView bytes) {
  if (!good_) return;
  written_ += bytes.size();
  good_ = written_ <= k_bytes_max &&
          std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) == bytes.size();
}

Status CaptureFile::finish() {
  if (std::fflush(file_.get()) != 0) good_ = false;
  if (!good_)
    return fail(Code::data_loss, "the capture is not complete: disk full, or above 4 GiB");
  return {};
}

}  // namespace weir::netlab
