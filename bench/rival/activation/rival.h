// What the programs of this folder share: their arguments, arrays, timing, and the lines they print. It has
// nothing of Halfwave's in it; the method is the same as that of `halfwave bench activations`: random input,
// normal with deviation 2; the median of readings of about a millisecond after a warm-up; work in place goes
// over as many arrays as fit in the first level of cache (or one), which are filled anew while the clock does
// not count.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace rival {

struct Options {
  std::vector<std::string> names;  // empty: all
  std::vector<std::size_t> sizes{1 << 14, 1 << 24};
  int threads = 1;
  double seconds = 0.4;  // for each figure
  bool in_place = false;
};

inline Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    const auto value = [&]() -> std::string {
      if (++i == count) std::fprintf(stderr, "%s: a value is missing\n", word.c_str()), std::exit(2);
      return arguments[i];
    };
    if (word == "--n") {
      options.sizes.clear();
      std::istringstream list(value());
      for (std::string size; std::getline(list, size, ',');) options.sizes.push_back(std::stoull(size));
    } else if (word == "--threads") {
      options.threads = std::stoi(value());
    } else if (word == "--seconds") {
      options.seconds = std::stod(value());
    } else if (word == "--in-place") {
      options.in_place = true;
    } else if (word.starts_with("-")) {
      std::fprintf(stderr, "usage: %s [NAME...] [--n N,...] [--threads T] [--seconds S] [--in-place]\n",
                   arguments[0]);
      std::exit(2);
    } else {
      options.names.push_back(word);
    }
  }
  return options;
}

// Floats, in large pages where there are enough of them, each page written to once, from the given quarter of
// a small page on (as in `halfwave bench activations`: reads that seem to follow a write to the same place in
// a page wait for it). Some kernels read a few bytes beyond the end.
class Array {
 public:
  Array(std::size_t n, std::size_t quarter) {
    constexpr std::size_t page = 4096;
    constexpr std::size_t huge_page = std::size_t{1} << 21;
    const std::size_t bytes = n * sizeof(float) + 64 + page;
    const std::size_t alignment = bytes >= huge_page ? huge_page : page;
    const std::size_t whole = (bytes + alignment - 1) / alignment * alignment;
    values_.reset(static_cast<float*>(std::aligned_alloc(alignment, whole)));
    if (!values_) std::perror("aligned_alloc"), std::exit(1);
    if (bytes >= huge_page) ::madvise(values_.get(), whole, MADV_HUGEPAGE);
    std::memset(values_.get(), 0, whole);
    first_ = quarter * (page / 4) / sizeof(float);
  }
  float* data() const { return values_.get() + first_; }

 private:
  struct Free {
    void operator()(float* values) const { std::free(values); }
  };
  std::unique_ptr<float[], Free> values_;
  std::size_t first_ = 0;
};

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Copies n values with the threads that the program works with: what is then worked on in place should lie in
// the cache of the thread that will.
using Copy = std::function<void(std::size_t n, float* to, const float* from)>;

// The measuring of one size.
class Bench {
 public:
  Bench(const Options& options, std::size_t n, std::string library, std::string version, Copy copy)
      : options_(options),
        n_(n),
        library_(std::move(library)),
        version_(std::move(version)),
        copy_(std::move(copy)),
        slots_(options.in_place ? std::max((std::size_t{1} << 12) / n, std::size_t{1}) : 1),
        stride_((n + 15) / 16 * 16),
        x_(n, 0),
        y_(n, 2),
        dy_(n, 1),
        work_(slots_ * stride_, 3) {
    fill(x_.data(), 1);
    fill(dy_.data(), 2);
    std::vector<double> spans(1001);
    for (double& span : spans) {
      const double start = now();
      span = now() - start;
    }
    clock_cost_ = median(spans);
  }

  bool wants(const std::string& name) const {
    const auto& names = options_.names;
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  }
  std::size_t n() const { return n_; }
  int threads() const { return options_.threads; }
  bool in_place() const { return options_.in_place; }

  // Arrays in which results go, and how many; out of place there is one.
  std::size_t slots() const { return slots_; }
  float* work(std::size_t slot) const { return work_.data() + slot * stride_; }
  // What the call for this slot reads: itself in place.
  float* x(std::size_t slot) const { return options_.in_place ? work(slot) : x_.data(); }
  float* dy(std::size_t slot) const { return options_.in_place ? work(slot) : dy_.data(); }
  // The arrays themselves, for backward.
  float* x() const { return x_.data(); }
  float* y() const { return y_.data(); }

  // Each measures call(slot) and prints a line.
  template <class Call>
  void forward(const char* name, const char* setup, Call&& call) const {
    print(name, "forward", setup, options_.in_place, measure(options_.in_place ? x_.data() : nullptr, call));
  }
  template <class Call>
  void backward(const char* name, const char* setup, Call&& call) const {
    print(name, "backward", setup, options_.in_place,
          measure(options_.in_place ? dy_.data() : nullptr, call));
  }
  template <class Call>
  void copy(const char* setup, Call&& call) const {
    print("copy", "forward", setup, false, measure(nullptr, call));
  }

 private:
  // Random values, repeated after a million.
  void fill(float* values, unsigned seed) const {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0, 2);
    const std::size_t first = std::min(n_, std::size_t{1} << 20);
    for (std::size_t i = 0; i < n_; ++i) values[i] = i < first ? normal(random) : values[i - first];
  }

  // Nanoseconds a value. The slots hold `fresh` before their call, or anything where that is null.
  template <class Call>
  double measure(const float* fresh, Call&& call) const {
    const auto time = [&](std::size_t rounds, std::size_t calls) {
      double total = 0;
      for (std::size_t round = 0; round < rounds; ++round) {
        for (std::size_t slot = 0; fresh != nullptr && slot < slots_; ++slot) copy_(n_, work(slot), fresh);
        const double start = now();
        for (std::size_t i = 0; i < calls; ++i) {
          call(fresh != nullptr ? i : 0);
          asm volatile("" ::: "memory");  // each call is made, and writes its results
        }
        total += std::max(now() - start - clock_cost_, 0.0);
      }
      return total;
    };
    const double end = now() + options_.seconds;
    std::size_t rounds = 1;
    std::size_t calls = fresh != nullptr ? slots_ : 1;
    std::size_t& repeats = fresh != nullptr ? rounds : calls;
    const double enough = std::min(1e-3, options_.seconds / 8);
    while (time(rounds, calls) < enough && now() < end) repeats *= 2;
    std::vector<double> readings;
    while (readings.size() < 3 || now() < end) readings.push_back(time(rounds, calls));
    return median(readings) / static_cast<double>(rounds * calls * n_) * 1e9;
  }

  void print(const char* name, const char* pass, const char* setup, bool in_place, double cost) const {
    std::printf(
        "{\"activation\": \"%s\", \"pass\": \"%s\", \"n\": %zu, \"threads\": %d, \"in_place\": %s, "
        "\"ns_per_value\": %.6g, \"library\": \"%s\", \"version\": \"%s\", \"setup\": \"%s\"}\n",
        name, pass, n_, options_.threads, in_place ? "true" : "false", cost, library_.c_str(),
        version_.c_str(), setup);
    std::fflush(stdout);
  }

  Options options_;
  std::size_t n_;
  std::string library_;
  std::string version_;
  Copy copy_;
  std::size_t slots_;
  std::size_t stride_;
  Array x_;
  Array y_;
  Array dy_;
  Array work_;
  double clock_cost_ = 0;
};

}  // namespace rival
