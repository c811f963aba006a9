#include "halfwave/activation/halfwave_activation.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <iterator>

#include "halfwave/activation/function.h"

static_assert(std::size(halfwave_activation{}.parameters) == halfwave::max_activation_parameters);

int halfwave_activation_find(const char* text, halfwave_activation* out, char* message, size_t message_size) {
  try {
    const auto found = halfwave::activation::find(text != nullptr ? text : "");
    *out = {found.forward_kernel, found.backward_kernel, {}, found.backward_from_y ? 1 : 0};
    std::ranges::copy(found.parameters, std::begin(out->parameters));
    return 0;
  } catch (const std::exception& error) {
    if (message_size > 0) {
      const size_t size = std::min(std::strlen(error.what()), message_size - 1);
      std::memcpy(message, error.what(), size);
      message[size] = '\0';
    }
    return 1;
  }
}

void halfwave_activation_forward(const halfwave_activation* activation, const float* x, float* y, size_t n) {
  activation->forward(x, y, n, activation->parameters);
}

void halfwave_activation_backward(const halfwave_activation* activation, const float* saved, const float* dy,
                                  float* dx, size_t n) {
  activation->backward(saved, dy, dx, n, activation->parameters);
}
