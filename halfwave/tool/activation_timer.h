// Times the passes of activations over arrays of one length, beside a copy of as many bytes. Threads as set
// for the calling thread, the work split as activation layers split it. Nothing here prints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "halfwave/activation/activation.h"
#include "halfwave/tensor/buffer.h"

namespace halfwave::tool {

struct ActivationTimerOptions {
  std::size_t n = 1;      // values an array, at least 1
  bool in_place = false;  // y takes the place of x, dx that of dy
  bool masks = false;     // forward also writes a bit a value, and backward reads that instead of y or x
  double seconds = 0.4;   // for each figure
};

// An array that begins the given quarter of a page (4096 bytes) after a page does. Processors compare the
// lowest 12 bits of addresses when they look whether a read must wait for a write before it, so that arrays
// at the same place in their pages, or a little after one another, would be slow by accident.
class StaggeredArray {
 public:
  StaggeredArray(std::size_t n, std::size_t quarter);
  float* data() { return memory_.data() + first_; }

 private:
  Buffer memory_;
  std::size_t first_;
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
  // With masks, for activations with info().backward_from_mask alone.
  double forward(const Activation& activation);
  double backward(const Activation& activation);

 private:
  template <class Call>
  double measure(const float* fresh, Call&& call);

  // Values begin to end; with masks those too.
  void run_forward(const Activation& activation, const float* x, float* y, std::size_t begin,
                   std::size_t end);

  ActivationTimerOptions options_;
  std::size_t slots_;  // arrays in work_
  int threads_;
  double clock_cost_;   // seconds that a span seems to take when nothing happens in it
  std::size_t stride_;  // of the arrays in work_
  StaggeredArray x_;
  StaggeredArray dy_;
  StaggeredArray y_;     // of the latest activation, for backward from y
  StaggeredArray work_;  // where results go
  std::vector<std::uint8_t> mask_;
};

}  // namespace halfwave::tool
