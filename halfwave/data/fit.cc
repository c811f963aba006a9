#include "halfwave/data/fit.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>

#include "halfwave/base/error.h"

namespace halfwave {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

std::uint8_t to_byte(double value) {
  return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
}

Image to_grey(const Image& image) {
  Image grey{.height = image.height, .width = image.width, .channels = 1, .pixels = {}};
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

// The source values that make one target value.
struct Tap {
  std::int64_t first = 0;
  std::vector<double> weights;  // sum 1
};

// One for each of to values, made of the middle of from values; step source values lie between two target
// values.
std::vector<Tap> make_taps(std::int64_t from, std::int64_t to, double step) {
  const double radius = std::max(step, 1.0);
  const double start = (static_cast<double>(from) - static_cast<double>(to) * step) / 2;
  std::vector<Tap> taps(index(to));
  for (std::int64_t i = 0; i < to; ++i) {
    const double centre = start + (static_cast<double>(i) + 0.5) * step - 0.5;  // value k lies at k
    const auto last = std::min(static_cast<std::int64_t>(std::floor(centre + radius)), from - 1);
    Tap& tap = taps[index(i)];
    tap.first = std::max(static_cast<std::int64_t>(std::ceil(centre - radius)), std::int64_t{0});
    double sum = 0;
    for (std::int64_t k = tap.first; k <= last; ++k) {
      tap.weights.push_back(std::max(1 - std::abs(static_cast<double>(k) - centre) / radius, 0.0));
      sum += tap.weights.back();
    }
    for (double& weight : tap.weights) weight /= sum;
  }
  return taps;
}

// One row of source pixels into one row of target pixels.
void scale_row(const std::uint8_t* row, std::size_t channels, const std::vector<Tap>& taps, float* out) {
  for (const Tap& tap : taps) {
    for (std::size_t c = 0; c < channels; ++c) {
      const std::uint8_t* p = row + index(tap.first) * channels + c;
      double sum = 0;
      for (std::size_t k = 0; k < tap.weights.size(); ++k) sum += tap.weights[k] * p[k * channels];
      *out++ = static_cast<float>(sum);
    }
  }
}

Image scale(const Image& image, std::int64_t height, std::int64_t width) {
  const double step = std::min(static_cast<double>(image.height) / static_cast<double>(height),
                               static_cast<double>(image.width) / static_cast<double>(width));
  const std::vector<Tap> across = make_taps(image.width, width, step);
  const std::vector<Tap> down = make_taps(image.height, height, step);
  const std::size_t channels = index(image.channels);
  const std::size_t stride = index(width) * channels;

  // Only the rows that are needed, each scaled once.
  const std::int64_t top = down.front().first;
  const std::int64_t bottom = down.back().first + static_cast<std::int64_t>(down.back().weights.size());
  std::vector<float> rows(index(bottom - top) * stride);
  for (std::int64_t y = top; y < bottom; ++y) {
    scale_row(&image.pixels[index(y * image.width) * channels], channels, across,
              &rows[index(y - top) * stride]);
  }

  Image result{.height = height, .width = width, .channels = image.channels, .pixels = {}};
  result.pixels.reserve(index(height) * stride);
  for (const Tap& tap : down) {
    const float* from = &rows[index(tap.first - top) * stride];
    for (std::size_t i = 0; i < stride; ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < tap.weights.size(); ++k) sum += tap.weights[k] * from[k * stride + i];
      result.pixels.push_back(to_byte(sum));
    }
  }
  return result;
}

}  // namespace

Image fit(const Image& image, const Shape& shape) {
  assert(image.height > 0 && image.width > 0 && shape.height > 0 && shape.width > 0);
  if (shape.channels != 1 && shape.channels != 3) {
    fail("an image has 1 channel (grey) or 3 (colour), and cannot be fitted to an input of {}",
         to_string(shape));
  }
  // Colour becomes grey before scaling and grey becomes colour after it: less to scale.
  if (image.channels > shape.channels) return fit(to_grey(image), shape);
  const bool same = image.height == shape.height && image.width == shape.width;
  Image result = same ? image : scale(image, shape.height, shape.width);
  return result.channels < shape.channels ? to_colour(result) : result;
}

}  // namespace halfwave
