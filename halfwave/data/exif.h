// The camera's mark of how it was held: Exif's orientation (CIPA DC-008, "Exif 2.32", section 4.6.4 and annex
// B). A part of image.h. Leaves out everything else of Exif.
#pragma once

#include <string_view>

#include "halfwave/data/image.h"

namespace halfwave {

// The orientation, 1 (as it is) to 8, of Exif data (a TIFF header and what follows); 1 where they say nothing
// or are damaged, as the picture itself is then still good.
int exif_orientation(std::string_view exif);

// The Exif data of a whole JPEG or WebP file; empty where there are none.
std::string_view exif_of_jpeg(std::string_view bytes);
std::string_view exif_of_webp(std::string_view bytes);

// The picture turned and mirrored so that it stands upright.
Image upright(Image image, int orientation);

}  // namespace halfwave
