// CRC-32 (zlib's), which names content in fingerprints. Included by sources only.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>

namespace halfwave {

// Of the bytes, behind others whose checksum is `before`.
inline std::uint32_t checksum(const void* bytes, std::size_t size, std::uint32_t before = 0) {
  return static_cast<std::uint32_t>(crc32_z(before, static_cast<const Bytef*>(bytes), size));
}

}  // namespace halfwave
