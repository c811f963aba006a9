// The activations by pointers and a length, for C++ and C: the bits of Activation, and its messages.
#include "halfwave/activation/function.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "catalogue_testing.h"
#include "common/error_message.h"
#include "halfwave/activation/halfwave_activation.h"
#include "halfwave/base/random.h"

namespace halfwave {
namespace {

constexpr std::size_t length = 1001;

struct Passes {
  std::vector<float> y = std::vector<float>(length);
  std::vector<float> dx = std::vector<float>(length);

  bool operator==(const Passes& other) const {
    return bits_of(y) == bits_of(other.y) && bits_of(dx) == bits_of(other.dx);
  }
};

struct Inputs {
  std::vector<float> x;
  std::vector<float> dy;

  Inputs() {
    RandomStream random(1, RandomPurpose::test);
    for (std::size_t i = 0; i < length; ++i) {
      x.push_back(random.normal() * 4);
      dy.push_back(random.normal());
    }
    x[7] = float_nan;
    x[8] = float_infinity;
  }
};

// Calls f.forward(x, y, n) and f.backward(saved, dy, dx, n).
template <class F>
Passes passes(const F& f, bool backward_from_y, const Inputs& in) {
  Passes out;
  f.forward(in.x.data(), out.y.data(), length);
  f.backward(backward_from_y ? out.y.data() : in.x.data(), in.dy.data(), out.dx.data(), length);
  return out;
}

struct ByName {
  std::string text;
  void forward(const float* x, float* y, std::size_t n) const { activation::forward(text, x, y, n); }
  void backward(const float* saved, const float* dy, float* dx, std::size_t n) const {
    activation::backward(text, saved, dy, dx, n);
  }
};

struct ByC {
  halfwave_activation c{};
  void forward(const float* x, float* y, std::size_t n) const { halfwave_activation_forward(&c, x, y, n); }
  void backward(const float* saved, const float* dy, float* dx, std::size_t n) const {
    halfwave_activation_backward(&c, saved, dy, dx, n);
  }
};

ByC find_in_c(const std::string& text) {
  ByC found;
  EXPECT_EQ(halfwave_activation_find(text.c_str(), &found.c, nullptr, 0), 0);
  return found;
}

TEST(Function, GivesTheBitsOfActivation) {
  const Inputs in;
  for (const Activation& activation : variants()) {
    const std::string text = activation.text();
    SCOPED_TRACE(text);
    const bool from_y = activation.info().backward_from_y;
    for_each_target([&] {
      const Passes wanted = passes(activation, from_y, in);
      const activation::Function function = activation::find(text);
      EXPECT_EQ(function.backward_from_y, from_y);
      EXPECT_EQ(passes(function, from_y, in), wanted);
      EXPECT_EQ(passes(ByName{text}, from_y, in), wanted);
      const ByC c = find_in_c(text);
      EXPECT_EQ(c.c.backward_from_y != 0, from_y);
      EXPECT_EQ(passes(c, from_y, in), wanted);
    });
  }
}

// All at once, the first look into the catalogue included when this test runs alone.
TEST(Function, WorksInSeveralThreads) {
  const Inputs in;
  std::vector<Passes> results(4);
  std::vector<std::thread> threads;
  for (Passes& result : results) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        result = passes(activation::find("gelu"), false, in);
        const Passes same = passes(find_in_c("gelu"), false, in);
        EXPECT_EQ(same, result);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Passes& result : results) EXPECT_EQ(result, passes(Activation::parse("gelu"), false, in));
}

TEST(Function, UnknownNamesAreErrors) {
  const std::string wanted = message([] { Activation::parse("gellu"); });
  std::vector<float> x(4);
  EXPECT_EQ(message([&] { activation::find("gellu"); }), wanted);
  EXPECT_EQ(message([&] { activation::forward("gellu", x.data(), x.data(), 4); }), wanted);
  EXPECT_EQ(message([&] { activation::backward("gellu", x.data(), x.data(), x.data(), 4); }), wanted);
}

TEST(Function, ErrorsInCAreTextsCutToTheSpaceGiven) {
  const std::string wanted = message([] { Activation::parse("leaky_relu:slope=x"); });
  std::vector<char> buffer(wanted.size() + 10, '#');
  ByC found = find_in_c("tanh");
  const auto before = found.c.forward;
  EXPECT_EQ(halfwave_activation_find("leaky_relu:slope=x", &found.c, buffer.data(), buffer.size()), 1);
  EXPECT_EQ(std::string(buffer.data()), wanted);
  EXPECT_EQ(found.c.forward, before);

  std::ranges::fill(buffer, '#');
  EXPECT_EQ(halfwave_activation_find("leaky_relu:slope=x", &found.c, buffer.data(), 8), 1);
  EXPECT_EQ(std::string(buffer.data()), wanted.substr(0, 7));
  EXPECT_EQ(buffer[8], '#');
  EXPECT_EQ(halfwave_activation_find("gellu", &found.c, nullptr, 0), 1);
  EXPECT_EQ(halfwave_activation_find(nullptr, &found.c, buffer.data(), buffer.size()), 1);
  EXPECT_TRUE(std::string(buffer.data()).starts_with("unknown activation ''"));
}

}  // namespace
}  // namespace halfwave
