// Reads idx files, the format of MNIST and its relatives (Y. LeCun, "The MNIST database", file formats):
// 00 00 08 n, n sizes as big-endian 32-bit numbers, then the values. Plain or gzipped, told by content.
// Nothing in a file is trusted. Leaves out every type of value but unsigned bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace halfwave {

struct Idx {
  std::string file;                  // its path, for messages
  std::vector<std::int64_t> sizes;   // 1 to 4 of them, each > 0
  std::vector<std::uint8_t> values;  // as many as the product of the sizes, the last dimension innermost
};

// No idx file may hold, or be, more bytes than this.
inline constexpr std::uint64_t idx_limit = std::uint64_t{1} << 32;

// The whole file. Takes no more memory than the file can fill, whatever its header claims. Error when it
// cannot be read, is no idx file of unsigned bytes, is cut or damaged (gzip's checksum is checked), or when
// bytes are left over after the values.
Idx read_idx(const std::filesystem::path& path);

}  // namespace halfwave
