// Windows of pooling by the definition, and a range of shapes.
#pragma once

#include <fmt/format.h>

#include "halfwave/kernel/pool.h"
#include "kernel_testing.h"

namespace halfwave::kernel {

inline std::string text_of(const PoolSize& s) {
  return fmt::format("{}x{}x{} to {}x{}, kernel {}x{}, stride {}x{}, pad {}x{}", s.input_height,
                     s.input_width, s.channels, s.output_height, s.output_width, s.kernel_height,
                     s.kernel_width, s.stride_height, s.stride_width, s.pad_height, s.pad_width);
}

// PyTorch's rule for the number of windows; 0 where none fits.
inline std::int64_t windows(std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                            bool ceil) {
  if (input + 2 * pad < kernel) return 0;
  std::int64_t count = (input + 2 * pad - kernel) / stride + 1;
  const bool rest = (input + 2 * pad - kernel) % stride != 0;
  if (ceil && rest && count * stride < input + pad) ++count;  // a last one that starts inside the image
  return count;
}

inline PoolSize square_pool(std::int64_t height, std::int64_t width, std::int64_t channels,
                            std::int64_t window, std::int64_t stride, bool ceil = false,
                            std::int64_t pad = 0) {
  return {.input_height = height,
          .input_width = width,
          .channels = channels,
          .output_height = windows(height, window, stride, pad, ceil),
          .output_width = windows(width, window, stride, pad, ceil),
          .kernel_height = window,
          .kernel_width = window,
          .stride_height = stride,
          .stride_width = stride,
          .pad_height = pad,
          .pad_width = pad};
}

inline PoolSize generated_pool(std::uint64_t number, std::int64_t largest_kernel) {
  RandomStream random = random_of(number);
  for (;;) {
    PoolSize s{};
    const std::vector<std::int64_t> channels{1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 64, 70};
    s.channels = one_of(random, channels);
    s.kernel_height = between(random, 1, largest_kernel);
    s.kernel_width = random.below(2) == 0 ? s.kernel_height : between(random, 1, largest_kernel);
    s.input_height = between(random, 1, 2 * largest_kernel + 1);
    s.input_width = between(random, 1, 2 * largest_kernel + 1);
    const bool tiles = random.below(3) == 0;  // windows side by side
    s.stride_height = tiles ? s.kernel_height : between(random, 1, 4);
    s.stride_width = tiles ? s.kernel_width : between(random, 1, 4);
    s.pad_height = tiles ? 0 : between(random, 0, s.kernel_height / 2);
    s.pad_width = tiles ? 0 : between(random, 0, s.kernel_width / 2);
    const bool ceil = random.below(2) == 0;
    s.output_height = windows(s.input_height, s.kernel_height, s.stride_height, s.pad_height, ceil);
    s.output_width = windows(s.input_width, s.kernel_width, s.stride_width, s.pad_width, ceil);
    if (s.output_height > 0 && s.output_width > 0) return s;
  }
}

// Calls body(index of the output, indices of the window's values in the image in reading order, how many
// pixels the window has with padding) for each output of n images.
template <class Body>
void over_windows(const PoolSize& s, std::int64_t n, Body&& body) {
  for (std::int64_t out = 0; out < n * s.output_height * s.output_width * s.channels; ++out) {
    const std::int64_t c = out % s.channels;
    const std::int64_t q = out / s.channels % s.output_width;
    const std::int64_t p = out / s.channels / s.output_width % s.output_height;
    const std::int64_t image = out / s.channels / s.output_width / s.output_height;
    std::vector<std::size_t> values;
    int padded = 0;
    for (std::int64_t i = 0; i < s.kernel_height; ++i) {
      for (std::int64_t j = 0; j < s.kernel_width; ++j) {
        const std::int64_t row = p * s.stride_height - s.pad_height + i;
        const std::int64_t column = q * s.stride_width - s.pad_width + j;
        if (row < s.input_height + s.pad_height && column < s.input_width + s.pad_width) ++padded;
        if (row < 0 || row >= s.input_height || column < 0 || column >= s.input_width) continue;
        values.push_back(static_cast<std::size_t>(
            ((image * s.input_height + row) * s.input_width + column) * s.channels + c));
      }
    }
    body(static_cast<std::size_t>(out), values, padded);
  }
}

inline std::size_t inputs_of(const PoolSize& s, std::int64_t n) {
  return s.input_size() * static_cast<std::size_t>(n);
}
inline std::size_t outputs_of(const PoolSize& s, std::int64_t n) {
  return s.output_size() * static_cast<std::size_t>(n);
}

}  // namespace halfwave::kernel
