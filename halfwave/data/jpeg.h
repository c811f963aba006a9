// JPEG by libjpeg-turbo. A part of image.h, which says what comes out.
#pragma once

#include <string>
#include <string_view>

#include "halfwave/data/image.h"

namespace halfwave {

bool is_jpeg(std::string_view bytes);  // by the first bytes
Image decode_jpeg(std::string_view bytes, const std::string& name, const PictureSize& target);

}  // namespace halfwave
