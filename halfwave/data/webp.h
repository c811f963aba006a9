// WebP by libwebp. A part of image.h, which says what comes out. Leaves out animations.
#pragma once

#include <string>
#include <string_view>

#include "halfwave/data/image.h"

namespace halfwave {

bool is_webp(std::string_view bytes);  // by the first bytes
Image decode_webp(std::string_view bytes, const std::string& name);

}  // namespace halfwave
