// The activations for callers that have nothing but pointers and a length: by name, or looked up once.
// The same for C, and for languages that call C: halfwave_activation.h. Facts, ranges and the formulas in
// higher precision: activation.h.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "halfwave/activation/activation.h"

namespace halfwave::activation {

// An activation, ready to be called: nothing is looked up any more, as the pointers are those for the best
// instruction set of this CPU. A plain value, free to copy, of no lifetime to mind; any number of threads may
// call it. For what the arrays must be and what becomes of NaN see Activation: y may be x, dx may be dy or
// saved, any alignment, any n.
struct Function {
  void (*forward_kernel)(const float* x, float* y, std::size_t n, const float* parameters) = nullptr;
  void (*backward_kernel)(const float* saved, const float* dy, float* dx, std::size_t n,
                          const float* parameters) = nullptr;
  std::array<float, max_activation_parameters> parameters{};
  bool backward_from_y = false;

  // y[i] = f(x[i]).
  void forward(const float* x, float* y, std::size_t n) const { forward_kernel(x, y, n, parameters.data()); }

  // dx[i] = dy[i] * f'(x[i]), where saved is y if backward_from_y, else x.
  void backward(const float* saved, const float* dy, float* dx, std::size_t n) const {
    backward_kernel(saved, dy, dx, n, parameters.data());
  }
};

// "gelu", "leaky_relu:slope=0.1": what Activation::parse() reads, and the same Error for what it does not.
Function find(std::string_view text);

// find(text) and a call, with the same bits. The names cost tens of nanoseconds a call.
void forward(std::string_view text, const float* x, float* y, std::size_t n);
void backward(std::string_view text, const float* saved, const float* dy, float* dx, std::size_t n);

}  // namespace halfwave::activation
