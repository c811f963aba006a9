#include "halfwave/layer/pool_shape.h"

#include "halfwave/base/error.h"

namespace halfwave {
namespace {

std::int64_t output_size(std::string_view side, std::int64_t input, std::int64_t kernel, std::int64_t stride,
                         std::int64_t pad, bool ceil) {
  if (pad > kernel / 2) fail("its pad of {} is more than half its kernel of {}", pad, kernel);
  if (input + 2 * pad < kernel) {
    fail("its kernel of {} is larger than the padded {} of its input, {}", kernel, side, input + 2 * pad);
  }
  std::int64_t count = (input + 2 * pad - kernel + (ceil ? stride - 1 : 0)) / stride + 1;
  // The last window must start inside the image or its first padding.
  if (ceil && (count - 1) * stride >= input + pad) --count;
  return count;
}

}  // namespace

kernel::PoolSize pool_size(const PoolOptions& options, const Shape& input) {
  const Size2 stride = options.stride.height == 0 ? options.kernel : options.stride;
  const std::int64_t height = output_size("height", input.height, options.kernel.height, stride.height,
                                          options.pad.height, options.ceil);
  const std::int64_t width =
      output_size("width", input.width, options.kernel.width, stride.width, options.pad.width, options.ceil);
  return {.input_height = input.height,
          .input_width = input.width,
          .channels = input.channels,
          .output_height = height,
          .output_width = width,
          .kernel_height = options.kernel.height,
          .kernel_width = options.kernel.width,
          .stride_height = stride.height,
          .stride_width = stride.width,
          .pad_height = options.pad.height,
          .pad_width = options.pad.width};
}

}  // namespace halfwave
