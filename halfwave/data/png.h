// PNG by libspng. A part of image.h, which says what comes out.
#pragma once

#include <string>
#include <string_view>

#include "halfwave/data/image.h"

namespace halfwave {

bool is_png(std::string_view bytes);  // by the first bytes
Image decode_png(std::string_view bytes, const std::string& name);

// A PNG file of 8 bits a value: grey for 1 channel, colour for 3.
std::string encode_png(const Image& image);

}  // namespace halfwave
