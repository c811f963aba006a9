// Small pictures made of values: what maps, filters and examples are drawn with.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "halfwave/data/image.h"

namespace halfwave {

// "data:image/png;base64,...", to stand in an SVG or HTML file.
std::string png_uri(const Image& image);

// A white picture in colour.
Image white_image(std::int64_t height, std::int64_t width);

// Copies a part into the whole, its upper left corner at (top, left), each pixel as a square of `factor`. It
// must fit. Grey becomes colour.
void put_image(Image& whole, const Image& part, std::int64_t top, std::int64_t left, std::int64_t factor = 1);

// height x width values, row after row, as signed_colour() of value / largest. largest: above 0, or all are
// 0.
Image signed_image(std::span<const float> values, std::int64_t height, std::int64_t width, double largest);

// The same values on a grid whose longer side is `side`, each the mean of those it stands for; as they are
// where that is no less.
struct Grid {
  std::int64_t height = 0, width = 0;
  std::vector<float> values{};
};
Grid shrunk(Grid grid, std::int64_t side);

}  // namespace halfwave
