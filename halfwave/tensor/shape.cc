#include "halfwave/tensor/shape.h"

#include <fmt/format.h>

namespace halfwave {

std::string to_string(const Shape& shape) {
  if (shape.height == 1 && shape.width == 1) return fmt::format("{}", shape.channels);
  return fmt::format("{}x{}x{}", shape.height, shape.width, shape.channels);
}

}  // namespace halfwave
