// GIF by giflib: the first picture of the file. A part of image.h, which says what comes out.
#pragma once

#include <string>
#include <string_view>

#include "halfwave/data/image.h"

namespace halfwave {

bool is_gif(std::string_view bytes);  // by the first bytes
Image decode_gif(std::string_view bytes, const std::string& name);

}  // namespace halfwave
