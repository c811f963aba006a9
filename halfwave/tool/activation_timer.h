// Times the passes of activations over arrays of one length, beside a copy of as many bytes. Threads as set
// for the calling thread, the work split as activation layers split it. Nothing here prints.
#pragma once

#include <cstddef>

#include "halfwave/activation/activation.h"
#include "halfwave/tensor/buffer.h"

namespace halfwave::tool {

struct ActivationTimerOptions {
  std::size_t n = 1;      // values an array, at least 1
  bool in_place = false;  // y takes the place of x, dx that of dy
  double seconds = 0.4;   // for each figure
};

// Each figure is in nanoseconds a value: the median of readings of about a millisecond (one call where that
// takes longer), after a warm-up.
//
// Input and gradient are random, normal with deviation 2. Work in place has to start from them in each call:
// relu after relu is harmless, but square after square ends at infinity and a gradient that shrinks call by
// call ends in denormal numbers, which are slow. So there are several arrays, as many as stay in the first
// level of cache together (or one), each is worked on once, and then all are filled anew while the clock does
// not count; a reading is a sum of such rounds.
class ActivationTimer {
 public:
  explicit ActivationTimer(const ActivationTimerOptions& options);

  double copy();  // memcpy, never in place
  double forward(const Activation& activation);
  double backward(const Activation& activation);

 private:
  template <class Call>
  double measure(const float* fresh, Call&& call);

  ActivationTimerOptions options_;
  std::size_t slots_;  // arrays in work_
  double clock_cost_;  // seconds that a span seems to take when nothing happens in it
  Buffer x_;
  Buffer dy_;
  Buffer y_;     // of the latest activation, for backward from y
  Buffer work_;  // where results go
};

}  // namespace halfwave::tool
