// The size of one image or activation map, and the order of its values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace halfwave {

// Height, width and channels of one image (without the batch). In memory a batch is N x H x W x C with
// channels innermost (NHWC): value (n, h, w, c) is at ((n * height + h) * width + w) * channels + c.
// A plain vector of k values, such as the input of a linear layer, is 1 x 1 x k.
struct Shape {
  std::int64_t height = 1;
  std::int64_t width = 1;
  std::int64_t channels = 1;

  std::size_t size() const { return static_cast<std::size_t>(height * width * channels); }
  std::size_t pixels() const { return static_cast<std::size_t>(height * width); }
  bool operator==(const Shape&) const = default;
};

// "28x28x1"; a plain vector is just "10".
std::string to_string(const Shape& shape);

}  // namespace halfwave
