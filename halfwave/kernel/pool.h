// Pooling over NHWC float32 windows, forward beside backward.
#pragma once

#include <cstddef>
#include <cstdint>

namespace halfwave::kernel {

struct PoolSize {
  std::int64_t input_height, input_width, channels;
  std::int64_t output_height, output_width;
  std::int64_t kernel_height, kernel_width;
  std::int64_t stride_height = 1, stride_width = 1;
  std::int64_t pad_height = 0, pad_width = 0;

  std::size_t input_size() const { return static_cast<std::size_t>(input_height * input_width * channels); }
  std::size_t output_size() const {
    return static_cast<std::size_t>(output_height * output_width * channels);
  }
};

// What forward saves begins at multiples of so many winners for each pixel, so that whole vectors can be
// stored.
inline std::size_t padded_channels(const PoolSize& s) {
  return (static_cast<std::size_t>(s.channels) + 15) / 16 * 16;
}

// Bytes that forward keeps for backward: for each output which value of its window won, and room so that 16
// may be read from any of them on.
std::size_t max_pool_saved_bytes(const PoolSize& size, std::int64_t n);

// y = maximum of each window, padding left out; a NaN in the window wins. With rectify, y = max(0, y) after
// that (NaN stays), which is the same as rectifying x first. saved (may be null: nothing is kept) is written.
void max_pool_forward(const PoolSize& size, std::int64_t n, bool rectify, const float* x, float* y,
                      std::byte* saved);

// dx is overwritten: each dy goes to the value that won, or (with rectify) nowhere where y is 0.
void max_pool_backward(const PoolSize& size, std::int64_t n, const float* dy, float* dx,
                       const std::byte* saved);

// Where a max-pool behind another kernel leaves its output: as max_pool_forward() does.
struct PooledOutput {
  PoolSize size;
  bool rectify;
  float* y;
  std::byte* saved;  // may be null
};

// The rows [first, last) of the output of one image. x: its rows from `top` on, as far as their windows
// reach.
void max_pool_rows(const PooledOutput& pooled, std::size_t image, std::int64_t first, std::int64_t last,
                   const float* x, std::int64_t top);

// How many rows of its output need no row of its input from `row` on.
std::int64_t rows_pooled_before(const PoolSize& size, std::int64_t row);

// dx of a max-pool without being written: each value of dy belongs to one of x; where windows overlap,
// several to the same.
struct PooledGradient {
  PoolSize size;
  float* dy;                    // 0 where nothing won
  const std::uint8_t* winners;  // their places in their windows: padded_channels(size) for each pixel of dy

  // Values there are, by those of dx.
  double share() const {
    return static_cast<double>(size.output_size()) / static_cast<double>(size.input_size());
  }
  // The share of zeros in dx (where windows overlap, at least), if that of dy is so large.
  double zeros(double of_dy) const { return 1 - (1 - of_dy) * share(); }
};

// Whether there can be one: a winner is a byte.
bool has_pooled_gradient(const PoolSize& size);
bool windows_overlap(const PoolSize& size);

// Clears dy where nothing won, which max_pool_forward() saved, with rectify as it was there.
PooledGradient pooled_gradient(const PoolSize& size, std::int64_t n, bool rectify, float* dy,
                               const std::byte* saved);

// y = mean of each window. Padding counts as zeros if count_pad, else it is left out; what ceil mode adds
// beyond the padding never counts (PyTorch's AvgPool2d).
void average_pool_forward(const PoolSize& size, std::int64_t n, bool count_pad, const float* x, float* y);
void average_pool_backward(const PoolSize& size, std::int64_t n, bool count_pad, const float* dy, float* dx);

}  // namespace halfwave::kernel
