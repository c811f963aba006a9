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

// Bytes that forward keeps for backward: for each output which value of its window won.
std::size_t max_pool_saved_bytes(const PoolSize& size, std::int64_t n);

// y = maximum of each window, padding left out; a NaN in the window wins. With rectify, y = max(0, y) after
// that (NaN stays), which is the same as rectifying x first. saved (may be null: nothing is kept) is written.
void max_pool_forward(const PoolSize& size, std::int64_t n, bool rectify, const float* x, float* y,
                      std::byte* saved);

// dx is overwritten: each dy goes to the value that won, or (with rectify) nowhere where y is 0.
void max_pool_backward(const PoolSize& size, std::int64_t n, const float* dy, float* dx,
                       const std::byte* saved);

// y = mean of each window. Padding counts as zeros if count_pad, else it is left out; what ceil mode adds
// beyond the padding never counts (PyTorch's AvgPool2d).
void average_pool_forward(const PoolSize& size, std::int64_t n, bool count_pad, const float* x, float* y);
void average_pool_backward(const PoolSize& size, std::int64_t n, bool count_pad, const float* dy, float* dx);

}  // namespace halfwave::kernel
