// What a decoder may expect of deflate, the compression of gzip and PNG.
#pragma once

#include <cstdint>

namespace halfwave {

// The most that it can shrink: 258 bytes into 2 bits (zlib's "Technical Details").
constexpr std::uint64_t deflate_ratio = 1032;

}  // namespace halfwave
