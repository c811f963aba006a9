// Steps of optimisers, on all threads: memory sets their pace. Every operation is rounded by itself, so that
// the bits are the same on every instruction set. w: parameters; g: their gradients, which are used up: 0
// afterwards; the rest is what the optimiser keeps of each. Sources: halfwave/train/optimiser.h.
#pragma once

#include <cstddef>

namespace halfwave::kernel {

// gradient = g + decay w;  velocity = momentum velocity + gradient;  w -= rate velocity, or with Nesterov's
// form rate (gradient + momentum velocity).
struct SgdUpdate {
  float rate, decay, momentum;
  bool nesterov;

  void run(std::size_t count, float* w, float* g, float* velocity) const;
};

// mean = beta1 mean + (1 - beta1) gradient;  square = beta2 square + (1 - beta2) gradient^2;
// w -= rate scale1 mean / (scale2 sqrt(square) + epsilon). Decoupled: gradient = g, and w -= rate decay w as
// well; else gradient = g + decay w. The scales correct the first steps.
struct AdamUpdate {
  float rate, decay, beta1, beta2, epsilon, scale1, scale2;
  bool decoupled;

  void run(std::size_t count, float* w, float* g, float* mean, float* square) const;
};

// gradient = g + decay w;  square = alpha square + (1 - alpha) gradient^2;
// velocity = momentum velocity + gradient / (sqrt(square) + epsilon);  w -= rate velocity.
struct RmspropUpdate {
  float rate, decay, alpha, momentum, epsilon;

  void run(std::size_t count, float* w, float* g, float* velocity, float* square) const;
};

}  // namespace halfwave::kernel
