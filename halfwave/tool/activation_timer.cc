#include "halfwave/tool/activation_timer.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "halfwave/base/clock.h"
#include "halfwave/base/parallel.h"
#include "halfwave/base/random.h"

namespace halfwave::tool {
namespace {

constexpr double reading_seconds = 1e-3;
constexpr std::size_t least_readings = 3;
constexpr std::size_t values_in_cache = 1 << 12;  // 16 KB, half of a small first level
constexpr std::size_t page = 4096;
constexpr std::size_t different_values = 1 << 20;  // longer arrays repeat them

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double measure_clock() {
  std::vector<double> spans(1001);
  for (double& span : spans) {
    const double start = seconds_now();
    span = seconds_now() - start;
  }
  return median(spans);
}

void fill_randomly(std::span<float> values, std::uint64_t seed) {
  RandomStream random(seed, RandomPurpose::bench);
  const std::size_t first = std::min(values.size(), different_values);
  for (float& value : values.first(first)) value = 2 * random.normal();
  for (std::size_t i = first; i < values.size(); ++i) values[i] = values[i - first];
}

// body(begin, end) for parts of [0, n), each on its thread, from a multiple of 8 on. With one thread nothing
// stands between.
static_assert(parallel_grain % 8 == 0);
template <class Body>
void split(int threads, std::size_t n, Body&& body) {
  if (threads == 1) {
    body(std::size_t{0}, n);
  } else {
    parallel_for(n, parallel_grain, [&](std::size_t begin, std::size_t end, int) { body(begin, end); });
  }
}

// By the threads that will work on them: each part is then in the cache of its thread.
void copy_values(int threads, std::size_t n, float* to, const float* from) {
  split(threads, n, [&](std::size_t begin, std::size_t end) {
    std::memcpy(to + begin, from + begin, (end - begin) * sizeof(float));
  });
}

}  // namespace

StaggeredArray::StaggeredArray(std::size_t n, std::size_t quarter) : memory_(n + 2 * page / sizeof(float)) {
  const std::size_t past = reinterpret_cast<std::uintptr_t>(memory_.data()) % page;
  first_ = (page - past + quarter * (page / 4)) / sizeof(float);
}

ActivationTimer::ActivationTimer(const ActivationTimerOptions& options)
    : options_(options),
      slots_(options.in_place ? std::max(values_in_cache / options.n, std::size_t{1}) : 1),
      threads_(thread_count()),
      clock_cost_(measure_clock()),
      stride_(align_up(options.n * sizeof(float)) / sizeof(float)),
      x_(options.n, 0),
      dy_(options.n, 1),
      y_(options.n, 2),
      work_(slots_ * stride_, 3),
      mask_(options.masks ? (options.n + 7) / 8 : 0) {
  fill_randomly({x_.data(), options.n}, 1);
  fill_randomly({dy_.data(), options.n}, 2);
}

// call(work) works on one array; those in work_ hold `fresh` before it, or anything where that is null.
template <class Call>
double ActivationTimer::measure(const float* fresh, Call&& call) {
  // Seconds of so many rounds of so many calls.
  const auto time = [&](std::size_t rounds, std::size_t calls) {
    double total = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
      for (std::size_t slot = 0; fresh != nullptr && slot < slots_; ++slot)
        copy_values(threads_, options_.n, work_.data() + slot * stride_, fresh);
      const double start = seconds_now();
      for (std::size_t i = 0; i < calls; ++i) call(work_.data() + (fresh != nullptr ? i * stride_ : 0));
      total += std::max(seconds_now() - start - clock_cost_, 0.0);
    }
    return total;
  };
  std::size_t rounds = 1;
  std::size_t calls = slots_;
  std::size_t& repeats = fresh != nullptr ? rounds : calls;
  // The warm-up finds how many make a reading that the clock can tell: the shorter of two, as the first may
  // make tables, and either may lose the core to another process.
  const double enough = std::min(reading_seconds, options_.seconds / 8);
  while (std::min(time(rounds, calls), time(rounds, calls)) < enough) repeats *= 2;
  const double end = seconds_now() + options_.seconds;
  std::vector<double> readings;
  while (readings.size() < least_readings || seconds_now() < end) readings.push_back(time(rounds, calls));
  return median(readings) / static_cast<double>(rounds * calls * options_.n) * 1e9;
}

double ActivationTimer::copy() {
  return measure(nullptr, [&](float* y) { copy_values(threads_, options_.n, y, x_.data()); });
}

void ActivationTimer::run_forward(const Activation& activation, const float* x, float* y, std::size_t begin,
                                  std::size_t end) {
  if (options_.masks) {
    activation.forward(x + begin, y + begin, mask_.data() + begin / 8, end - begin);
  } else {
    activation.forward(x + begin, y + begin, end - begin);
  }
}

double ActivationTimer::forward(const Activation& activation) {
  return measure(options_.in_place ? x_.data() : nullptr, [&](float* y) {
    const float* x = options_.in_place ? y : x_.data();
    split(threads_, options_.n,
          [&](std::size_t begin, std::size_t end) { run_forward(activation, x, y, begin, end); });
  });
}

double ActivationTimer::backward(const Activation& activation) {
  run_forward(activation, x_.data(), y_.data(), 0, options_.n);
  const float* saved = activation.info().backward_from_y ? y_.data() : x_.data();
  return measure(options_.in_place ? dy_.data() : nullptr, [&](float* dx) {
    const float* dy = options_.in_place ? dx : dy_.data();
    split(threads_, options_.n, [&](std::size_t begin, std::size_t end) {
      if (options_.masks) {
        activation.backward(mask_.data() + begin / 8, dy + begin, dx + begin, end - begin);
      } else {
        activation.backward(saved + begin, dy + begin, dx + begin, end - begin);
      }
    });
  });
}

}  // namespace halfwave::tool
