#include "halfwave/data/fit.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>

#include "halfwave/base/error.h"

namespace halfwave {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

Image to_grey(const Image& image) {
  Image grey{.height = image.height, .width = image.width, .channels = 1, .pixels = {}, .own = image.own};
  grey.pixels.resize(image.pixels.size() / 3);
  for (std::size_t i = 0; i < grey.pixels.size(); ++i) {
    const std::uint8_t* p = &image.pixels[3 * i];
    grey.pixels[i] = static_cast<std::uint8_t>((299 * p[0] + 587 * p[1] + 114 * p[2] + 500) / 1000);
  }
  return grey;
}

Image to_colour(const Image& image) {
  Image colour{.height = image.height, .width = image.width, .channels = 3, .pixels = {}};
  colour.pixels.reserve(3 * image.pixels.size());
  for (const std::uint8_t value : image.pixels) colour.pixels.insert(colour.pixels.end(), 3, value);
  return colour;
}

// The source values that make each target value: those from first on, times weights of sum 1.
struct Taps {
  std::vector<std::int64_t> first;  // by target value
  std::vector<std::size_t> begin;   // of its weights; one more than there are values
  std::vector<float> weights;
};

// The source values of one side that become the target's: from start on, step of them for each.
struct Window {
  double start = 0;
  double step = 1;
};

// How many values a side is long; own is what it was before a decoder halved it some times, or 0.
double length(std::int64_t side, std::int64_t own) {
  if (own == 0) return static_cast<double>(side);
  std::int64_t shrink = 1;
  while ((own + shrink - 1) / shrink > side) shrink *= 2;
  return static_cast<double>(own) / static_cast<double>(shrink);
}

// The middle of a side, for to values.
Window middle(double length, std::int64_t to, double step) {
  return {(length - static_cast<double>(to) * step) / 2, step};
}

Window part_of(double length, std::int64_t to, double begin, double share) {
  return {begin * length, share * length / static_cast<double>(to)};
}

// For each of to values, made of from values.
Taps make_taps(std::int64_t from, std::int64_t to, const Window& window) {
  const double radius = std::max(window.step, 1.0);
  Taps taps{.first = {}, .begin = {0}, .weights = {}};
  std::vector<double> weights;
  for (std::int64_t i = 0; i < to; ++i) {
    // value k lies at k
    const double centre = window.start + (static_cast<double>(i) + 0.5) * window.step - 0.5;
    const auto last = std::min(static_cast<std::int64_t>(std::floor(centre + radius)), from - 1);
    const auto first = std::max(static_cast<std::int64_t>(std::ceil(centre - radius)), std::int64_t{0});
    weights.clear();
    double sum = 0;
    for (std::int64_t k = first; k <= last; ++k) {
      weights.push_back(std::max(1 - std::abs(static_cast<double>(k) - centre) / radius, 0.0));
      sum += weights.back();
    }
    for (const double weight : weights) taps.weights.push_back(static_cast<float>(weight / sum));
    taps.first.push_back(first);
    taps.begin.push_back(taps.weights.size());
  }
  return taps;
}

// sum += weight x row. A loop of its own, so that it becomes vectors.
void add_row(const std::uint8_t* row, std::size_t count, float weight, float* sum) {
  for (std::size_t i = 0; i < count; ++i) sum[i] += weight * static_cast<float>(row[i]);
}

// A row of source values into one of target pixels; channels is 1 or 3.
template <std::size_t channels>
void scale_row(const float* row, const Taps& taps, std::uint8_t* out) {
  for (std::size_t i = 0; i < taps.first.size(); ++i) {
    const float* from = row + index(taps.first[i]) * channels;
    float sums[channels] = {};
    for (std::size_t k = taps.begin[i]; k < taps.begin[i + 1]; ++k) {
      for (std::size_t c = 0; c < channels; ++c) sums[c] += taps.weights[k] * from[c];
      from += channels;
    }
    // A sum of weights may be a rounding above 1.
    for (const float sum : sums) *out++ = static_cast<std::uint8_t>(std::min(sum + 0.5F, 255.0F));
  }
}

// Row by row, first down, where vectors reach along the row, then across.
Image scale(const Image& image, const Window& rows, const Window& columns, std::int64_t height,
            std::int64_t width) {
  const Taps across = make_taps(image.width, width, columns);
  const Taps down = make_taps(image.height, height, rows);
  const std::size_t line = index(image.width * image.channels);
  Image result{.height = height, .width = width, .channels = image.channels, .pixels = {}};
  result.pixels.resize(index(height * width * image.channels));
  std::vector<float> row(line);
  for (std::size_t y = 0; y < index(height); ++y) {
    std::fill(row.begin(), row.end(), 0.0F);
    const std::uint8_t* from = image.pixels.data() + index(down.first[y]) * line;
    for (std::size_t k = down.begin[y]; k < down.begin[y + 1]; ++k, from += line)
      add_row(from, line, down.weights[k], row.data());
    std::uint8_t* to = result.pixels.data() + y * index(width * image.channels);
    (image.channels == 3 ? scale_row<3> : scale_row<1>)(row.data(), across, to);
  }
  return result;
}

Image scale_to(const Image& image, const Window& rows, const Window& columns, const Shape& shape) {
  assert(image.height > 0 && image.width > 0 && shape.height > 0 && shape.width > 0);
  if (shape.channels != 1 && shape.channels != 3) {
    fail("an image has 1 channel (grey) or 3 (colour), and cannot be fitted to an input of {}",
         to_string(shape));
  }
  // Colour becomes grey before scaling and grey becomes colour after it: less to scale.
  if (image.channels > shape.channels) return scale_to(to_grey(image), rows, columns, shape);
  const auto stays = [](const Window& window) { return window.start == 0 && window.step == 1; };
  const bool same =
      image.height == shape.height && image.width == shape.width && stays(rows) && stays(columns);
  Image result = same ? image : scale(image, rows, columns, shape.height, shape.width);
  return result.channels < shape.channels ? to_colour(result) : result;
}

}  // namespace

Image fit(const Image& image, const Shape& shape) {
  const double height = length(image.height, image.own.height);
  const double width = length(image.width, image.own.width);
  const double step =
      std::min(height / static_cast<double>(shape.height), width / static_cast<double>(shape.width));
  return scale_to(image, middle(height, shape.height, step), middle(width, shape.width, step), shape);
}

Image fit_part(const Image& image, const PicturePart& part, const Shape& shape) {
  const double height = length(image.height, image.own.height);
  const double width = length(image.width, image.own.width);
  return scale_to(image, part_of(height, shape.height, part.top, part.height),
                  part_of(width, shape.width, part.left, part.width), shape);
}

Image thumbnail(const Image& image, std::int64_t side) {
  const std::int64_t longer = std::max(image.height, image.width);
  if (longer <= side) return image;
  const auto length = [&](std::int64_t pixels) { return std::max<std::int64_t>(pixels * side / longer, 1); };
  return fit_part(image, {}, {length(image.height), length(image.width), image.channels});
}

}  // namespace halfwave
