// PGM and PPM (netpbm's formats P5 and P6; P2 and P3, which are text, too). A part of image.h, which says
// what comes out.
#pragma once

#include <string>
#include <string_view>

#include "halfwave/data/image.h"

namespace halfwave {

bool is_pnm(std::string_view bytes);  // by the first bytes
Image decode_pnm(std::string_view bytes, const std::string& name);

}  // namespace halfwave
