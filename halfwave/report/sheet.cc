#include "halfwave/report/sheet.h"

#include <algorithm>
#include <vector>

#include "halfwave/base/error.h"
#include "halfwave/data/fit.h"

namespace halfwave {
namespace {

constexpr std::int64_t gap = 4;  // pixels between two examples, and around all

class Sheet {
 public:
  Sheet(const Shape& tile, std::size_t rows, std::size_t columns) : tile_(tile) {
    image_ = {.height = gap + static_cast<std::int64_t>(rows) * (tile.height + gap),
              .width = gap + static_cast<std::int64_t>(columns) * (tile.width + gap),
              .channels = tile.channels,
              .pixels = {}};
    image_.pixels.assign(static_cast<std::size_t>(image_.height * image_.width * image_.channels), 255);
  }

  void put(std::size_t row, std::size_t column, const std::vector<float>& values, const Shape& shape) {
    Image picture{shape.height, shape.width, shape.channels, std::vector<std::uint8_t>(values.size())};
    to_bytes(values.data(), values.size(), picture.pixels.data());
    const Image tile = fit(picture, tile_);
    const auto line = static_cast<std::size_t>(tile.width * tile.channels);
    for (std::int64_t y = 0; y < tile.height; ++y) {
      const std::int64_t top = gap + static_cast<std::int64_t>(row) * (tile_.height + gap) + y;
      const std::int64_t left = gap + static_cast<std::int64_t>(column) * (tile_.width + gap);
      std::copy_n(
          tile.pixels.data() + static_cast<std::size_t>(y) * line, line,
          image_.pixels.data() + static_cast<std::size_t>((top * image_.width + left) * image_.channels));
    }
  }

  Image image_;

 private:
  Shape tile_;
};

// So that the longer side is `side` and the other keeps its proportion.
Shape tile_of(const Shape& shape, std::int64_t side) {
  const std::int64_t longer = std::max(shape.height, shape.width);
  const auto scaled = [&](std::int64_t length) { return std::max(length * side / longer, std::int64_t{1}); };
  return {.height = scaled(shape.height), .width = scaled(shape.width), .channels = shape.channels};
}

}  // namespace

Image example_sheet(const Dataset& data, const SheetOptions& options) {
  const Shape shape = data.shape();
  if (shape.channels != 1 && shape.channels != 3)
    fail("examples of {} values a pixel cannot be drawn: expected 1 (grey) or 3 (colour)", shape.channels);
  const std::size_t rows = std::min(options.rows, data.classes().size());
  const bool changes = options.augmentation.changes_pictures();
  const Augmenter augmenter(options.augmentation, shape,
                            std::vector<float>(static_cast<std::size_t>(shape.channels), 0.5F));
  Sheet sheet(tile_of(shape, options.side), rows, options.columns);
  std::vector<float> values(shape.size());
  std::vector<float> unchanged;
  std::vector<std::size_t> drawn(rows, 0);
  std::size_t full = 0;
  for (std::size_t i = 0; i < data.size() && full < rows; ++i) {
    const auto row = static_cast<std::size_t>(data.label(i));
    if (row >= rows || drawn[row] == options.columns) continue;
    data.get(i, values.data());
    sheet.put(row, drawn[row]++, values, shape);
    while (changes && drawn[row] < options.columns) {
      augmenter.get(
          data, i,
          RandomStream(options.seed, RandomPurpose::augment, drawn[row], static_cast<std::uint32_t>(i)),
          unchanged, values.data());
      sheet.put(row, drawn[row]++, values, shape);
    }
    full += drawn[row] == options.columns ? 1 : 0;
  }
  return sheet.image_;
}

}  // namespace halfwave
