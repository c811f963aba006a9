#include "halfwave/report/raster.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "halfwave/data/png.h"
#include "halfwave/report/base64.h"
#include "halfwave/report/signed_colour.h"

namespace halfwave {
std::string png_uri(const Image& image) { return "data:image/png;base64," + base64(encode_png(image)); }

Image white_image(std::int64_t height, std::int64_t width) {
  return {height, width, 3, std::vector<std::uint8_t>(static_cast<std::size_t>(height * width * 3), 255)};
}

void put_image(Image& whole, const Image& part, std::int64_t top, std::int64_t left, std::int64_t factor) {
  assert(top >= 0 && left >= 0 && top + part.height * factor <= whole.height &&
         left + part.width * factor <= whole.width);
  for (std::int64_t y = 0; y < part.height * factor; ++y) {
    for (std::int64_t x = 0; x < part.width * factor; ++x) {
      const auto from = static_cast<std::size_t>((y / factor * part.width + x / factor) * part.channels);
      const auto to = static_cast<std::size_t>(((top + y) * whole.width + left + x) * 3);
      for (std::size_t c = 0; c < 3; ++c)
        whole.pixels[to + c] = part.pixels[from + (part.channels == 1 ? 0 : c)];
    }
  }
}

Image signed_image(std::span<const float> values, std::int64_t height, std::int64_t width, double largest) {
  Image image{height, width, 3, {}};
  image.pixels.reserve(values.size() * 3);
  for (const float value : values) {
    const auto colour = signed_colour(largest > 0 ? static_cast<double>(value) / largest : 0);
    image.pixels.insert(image.pixels.end(), colour.begin(), colour.end());
  }
  return image;
}

Grid shrunk(Grid grid, std::int64_t side) {
  const std::int64_t longer = std::max(grid.height, grid.width);
  if (longer <= side) return grid;
  Grid small{std::max<std::int64_t>(grid.height * side / longer, 1),
             std::max<std::int64_t>(grid.width * side / longer, 1),
             {}};
  for (std::int64_t y = 0; y < small.height; ++y) {
    for (std::int64_t x = 0; x < small.width; ++x) {
      const std::int64_t bottom = (y + 1) * grid.height / small.height;
      const std::int64_t right = (x + 1) * grid.width / small.width;
      double sum = 0;
      std::int64_t count = 0;
      for (std::int64_t iy = y * grid.height / small.height; iy < bottom; ++iy) {
        for (std::int64_t ix = x * grid.width / small.width; ix < right; ++ix, ++count)
          sum += static_cast<double>(grid.values[static_cast<std::size_t>(iy * grid.width + ix)]);
      }
      small.values.push_back(static_cast<float>(sum / static_cast<double>(count)));
    }
  }
  return small;
}

}  // namespace halfwave
