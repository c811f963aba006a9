// Files of every kind of picture, made on the spot.
#pragma once

#include <cstdint>
#include <string>

#include "halfwave/data/image.h"

namespace halfwave {

// A picture in which no two pixels are equal, if it has at most 256: for what keeps every pixel.
Image distinct_picture(std::int64_t height, std::int64_t width, std::int64_t channels);

std::string jpeg_file(const Image& image, int quality = 95);
std::string webp_file(const Image& image);  // colour; nothing is lost
std::string gif_file(const Image& image, bool interlaced = false, int transparent = -1);  // grey levels
std::string bmp_file(const Image& image);                                                 // colour
std::string pnm_file(const Image& image);                                                 // PGM or PPM

// The JPEG file with Exif data that hold this orientation.
std::string with_orientation(const std::string& jpeg, int orientation);

// One file of each kind, all of the same picture in colour (GIF: in grey).
std::vector<std::pair<std::string, std::string>> every_kind_of_file(const Image& colour);  // name, content

}  // namespace halfwave
