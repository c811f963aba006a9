#include "halfwave/data/idx.h"

#include <fmt/ranges.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <span>
#include <string_view>

#include "halfwave/base/error.h"
#include "halfwave/base/file.h"
#include "halfwave/data/deflate.h"

namespace halfwave {
namespace {

constexpr std::string_view gzip_magic = "\x1f\x8b";

// The content of a file from front to back, unpacked on the way if it is gzipped.
class IdxStream {
 public:
  IdxStream(const std::string& file, std::string_view bytes)
      : file_(file), rest_(bytes), gzipped_(bytes.starts_with(gzip_magic)) {
    if (gzipped_ && inflateInit2(&stream_, 15 + 16) != Z_OK) throw std::bad_alloc();
  }
  IdxStream(const IdxStream&) = delete;
  IdxStream& operator=(const IdxStream&) = delete;
  ~IdxStream() {
    if (gzipped_) inflateEnd(&stream_);
  }

  // Fills the block as far as the content goes and returns the number of bytes.
  std::size_t take(std::span<std::uint8_t> block) { return gzipped_ ? unpack(block) : copy(block); }

  // Whether bytes follow that are not gzip data.
  bool has_rest() const { return !rest_.empty(); }

  // The most bytes the content can have.
  std::uint64_t bound() const { return gzipped_ ? deflate_ratio * rest_.size() : rest_.size(); }

 private:
  std::size_t copy(std::span<std::uint8_t> block) {
    const std::size_t count = std::min(block.size(), rest_.size());
    std::copy_n(rest_.begin(), count, block.begin());
    rest_.remove_prefix(count);
    return count;
  }

  std::size_t unpack(std::span<std::uint8_t> block) {
    stream_.next_out = block.data();
    stream_.avail_out = static_cast<uInt>(block.size());
    while (stream_.avail_out > 0) {
      if (ended_) {
        // A gzip file may have several members; some packers write one a block.
        if (!rest_.starts_with(gzip_magic)) break;
        inflateReset(&stream_);
        ended_ = false;
      }
      const auto available = static_cast<uInt>(std::min(rest_.size(), std::size_t{1} << 30));
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest_.data()));  // zlib only reads it
      stream_.avail_in = available;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      rest_.remove_prefix(available - stream_.avail_in);
      if (result == Z_STREAM_END) {
        ended_ = true;
      } else if (result == Z_BUF_ERROR) {
        fail("{}: the gzip data is cut; fetch the file again", file_);
      } else if (result != Z_OK) {
        const std::string_view reason = stream_.msg != nullptr ? stream_.msg : "it needs a dictionary";
        fail("{}: the gzip data is damaged ({}); fetch the file again", file_, reason);
      }
    }
    return block.size() - stream_.avail_out;
  }

  const std::string& file_;
  std::string_view rest_;
  bool gzipped_;
  bool ended_ = false;
  z_stream stream_{};
};

std::string_view type_name(std::uint8_t type) {
  switch (type) {
    case 0x09:
      return "signed bytes";
    case 0x0B:
      return "16-bit integers";
    case 0x0C:
      return "32-bit integers";
    case 0x0D:
      return "32-bit floats";
    case 0x0E:
      return "64-bit floats";
    default:
      return {};
  }
}

// The number of dimensions.
std::size_t read_magic(const std::string& file, IdxStream& source) {
  std::array<std::uint8_t, 4> magic{};
  const std::size_t count = source.take(magic);
  if (count == 0) fail("{}: expected an idx file, got an empty one", file);
  const std::span<const std::uint8_t> got(magic.data(), count);
  const bool plausible = magic[0] == 0 && magic[1] == 0;
  if (plausible && count == magic.size() && !type_name(magic[2]).empty()) {
    fail("{}: expected an idx file of unsigned bytes (type 08), got {} (type {:02x}); convert it", file,
         type_name(magic[2]), magic[2]);
  }
  if (!plausible || count < magic.size() || magic[2] != 0x08) {
    fail("{}: expected an idx file (00 00 08, then the number of dimensions), got {:02x}", file,
         fmt::join(got, " "));
  }
  if (magic[3] < 1 || magic[3] > 4) fail("{}: expected 1 to 4 dimensions, got {}", file, magic[3]);
  return magic[3];
}

// The number of values.
std::uint64_t read_sizes(IdxStream& source, Idx& idx) {
  std::uint64_t total = 1;
  for (std::size_t i = 0; i < idx.sizes.size(); ++i) {
    std::array<std::uint8_t, 4> bytes{};
    if (source.take(bytes) < bytes.size()) {
      fail("{}: expected {} sizes of 4 bytes in the header, got less; the file is cut: fetch it again",
           idx.file, idx.sizes.size());
    }
    std::uint32_t size = 0;
    for (const std::uint8_t byte : bytes) size = size << 8 | byte;
    idx.sizes[i] = size;
    // Once over the limit it stays over it, which keeps the product from wrapping around.
    total = total > idx_limit ? total : total * size;
  }
  if (std::find(idx.sizes.begin(), idx.sizes.end(), 0) != idx.sizes.end()) {
    fail("{}: expected at least one value, got none ({})", idx.file, fmt::join(idx.sizes, "x"));
  }
  if (total > idx_limit) {
    fail("{}: the header claims {} values, more than the {} such a file may have", idx.file,
         fmt::join(idx.sizes, "x"), idx_limit);
  }
  return total;
}

void read_values(IdxStream& source, std::uint64_t total, Idx& idx) {
  idx.values.reserve(std::min(total, source.bound()));
  std::array<std::uint8_t, 1 << 16> block;
  while (idx.values.size() < total) {
    const std::size_t wanted = std::min<std::size_t>(block.size(), total - idx.values.size());
    const std::size_t count = source.take(std::span(block).first(wanted));
    idx.values.insert(idx.values.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(count));
    if (count < wanted) {
      fail("{}: expected {} values ({}), got {}; the file is cut: fetch it again", idx.file, total,
           fmt::join(idx.sizes, "x"), idx.values.size());
    }
  }
  // Reading on makes zlib check the checksum, even when nothing is left.
  if (source.take(std::span(block).first(1)) > 0 || source.has_rest()) {
    fail("{}: expected {} values ({}), got bytes after them; fetch the file again", idx.file, total,
         fmt::join(idx.sizes, "x"));
  }
}

}  // namespace

Idx read_idx(const std::filesystem::path& path) {
  Idx idx{.file = path.string(), .sizes = {}, .values = {}};
  const std::string bytes = read_file(path, idx_limit);
  IdxStream source(idx.file, bytes);
  idx.sizes.resize(read_magic(idx.file, source));
  const std::uint64_t total = read_sizes(source, idx);
  read_values(source, total, idx);
  return idx;
}

}  // namespace halfwave
