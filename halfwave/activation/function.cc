#include "halfwave/activation/function.h"

#include <algorithm>

#include "halfwave/activation/entry.h"

namespace halfwave::activation {

Function find(std::string_view text) {
  const Activation activation = Activation::parse(text);
  const catalogue::Entry& entry = catalogue::entry_of(activation.info());
  const catalogue::Kernel kernel = catalogue::kernel(entry.index);
  Function function{kernel.forward, kernel.backward, {}, entry.backward_from_y};
  std::ranges::copy(activation.parameters(), function.parameters.begin());
  return function;
}

void forward(std::string_view text, const float* x, float* y, std::size_t n) { find(text).forward(x, y, n); }

void backward(std::string_view text, const float* saved, const float* dy, float* dx, std::size_t n) {
  find(text).backward(saved, dy, dx, n);
}

}  // namespace halfwave::activation
