// The loops around the formulas: the same bits for any length, alignment and position, in place or not, and
// no access outside the arrays.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "catalogue_testing.h"
#include "common/guarded.h"
#include "halfwave/base/random.h"

namespace halfwave {
namespace {

constexpr std::size_t longest = 70;
constexpr std::size_t offsets = 17;

// Values of all regions, and special ones.
std::vector<float> test_values(std::uint64_t seed, std::size_t count) {
  RandomStream random(seed, RandomPurpose::test);
  const std::vector<float> special = {0,  -0.0F, float_infinity, -float_infinity, float_nan, float_tiniest,
                                      -1, 1,     float_largest,  -float_largest};
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) {
    values.push_back(random.below(4) == 0 ? special[random.below(static_cast<std::uint32_t>(special.size()))]
                                          : random.normal() * 4);
  }
  return values;
}

// Element by element: what every other way of calling must give.
std::vector<float> one_by_one(const Activation& activation, const std::vector<float>& x) {
  std::vector<float> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) activation.forward(&x[i], &y[i], 1);
  return y;
}
std::vector<float> one_by_one(const Activation& activation, const std::vector<float>& saved,
                              const std::vector<float>& dy) {
  std::vector<float> dx(saved.size());
  for (std::size_t i = 0; i < saved.size(); ++i) activation.backward(&saved[i], &dy[i], &dx[i], 1);
  return dx;
}

// True when all but a[begin, end) is as in b, bit for bit.
bool same_outside(const std::vector<float>& a, const std::vector<float>& b, std::size_t begin,
                  std::size_t end) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if ((i < begin || i >= end) && bits_of(a[i]) != bits_of(b[i])) return false;
  }
  return true;
}

void expect_same_bits(const std::vector<float>& x, const std::vector<float>& dy) {
  const std::vector<float> poison(longest + 2 * offsets, -123.5F);
  for (const Activation& activation : defaults()) {
    SCOPED_TRACE(activation.text());
    for_each_target([&] {
      const std::vector<std::uint32_t> y = bits_of(one_by_one(activation, x));
      const std::vector<std::uint32_t> dx = bits_of(one_by_one(activation, x, dy));
      for (std::size_t n = 0; n <= longest; ++n) {
        // Every length at one offset, every offset at some lengths.
        for (std::size_t offset = n % offsets; offset < offsets; offset += n % 16 == 7 ? 1 : offsets) {
          SCOPED_TRACE(fmt::format("n {}, offset {}", n, offset));
          const auto expect = [&](const std::vector<float>& got, std::size_t at,
                                  const std::vector<std::uint32_t>& whole, const std::vector<float>& before) {
            const auto wanted = std::span(whole).subspan(offset, n);
            ASSERT_TRUE(std::ranges::equal(bits_of(std::span(got).subspan(at, n)), wanted));
            ASSERT_TRUE(same_outside(got, before, at, at + n)) << "wrote outside";
          };
          const std::size_t to = (3 * offset + 5) % offsets;
          std::vector<float> out = poison;
          activation.forward(x.data() + offset, out.data() + to, n);
          expect(out, to, y, poison);
          std::vector<float> in_place = x;
          activation.forward(in_place.data() + offset, in_place.data() + offset, n);
          expect(in_place, offset, y, x);

          out = poison;
          activation.backward(x.data() + offset, dy.data() + offset, out.data() + to, n);
          expect(out, to, dx, poison);
          in_place = x;
          activation.backward(in_place.data() + offset, dy.data() + offset, in_place.data() + offset, n);
          expect(in_place, offset, dx, x);
          in_place = dy;
          activation.backward(x.data() + offset, in_place.data() + offset, in_place.data() + offset, n);
          expect(in_place, offset, dx, dy);
        }
      }
    });
  }
}

TEST(Kernel, SameBitsForAnyLengthAndAlignmentInPlaceOrNot) {
  expect_same_bits(test_values(1, longest + offsets), test_values(2, longest + offsets));
}

TEST(Kernel, SameBitsWhereFewValuesAreLarge) {
  RandomStream random(3, RandomPurpose::test);
  std::vector<float> x;
  for (std::size_t i = 0; i < longest + offsets; ++i) x.push_back(std::min(random.normal(), 3.0F));
  x[2] = x[18] = -float_nan;
  x[34] = x[50] = float_nan;
  const std::vector<float> dy = test_values(4, longest + offsets);
  expect_same_bits(x, dy);
  // Each lane above beside every other.
  for (const float large : {-1e20F, -100.0F, 100.0F, 1e20F}) {
    for (const std::size_t at : {2, 18, 34, 50}) {
      std::vector<float> with_large = x;
      with_large[at] = large;
      expect_same_bits(with_large, dy);
    }
  }
}

TEST(Kernel, TouchesNothingOutsideTheArrays) {
  for (std::size_t n = 0; n <= longest; ++n) {
    for (const Edge edge : {Edge::front, Edge::back}) {
      const Guarded<float> x(std::vector<float>(n, 0.5F), edge);
      const Guarded<float> dy(std::vector<float>(n, 0.5F), edge);
      Guarded<float> out(n, edge);
      for_each_target([&] {
        for (const Activation& activation : defaults()) {
          activation.forward(x.data(), out.data(), n);
          activation.backward(x.data(), dy.data(), out.data(), n);
        }
      });
    }
  }
}

// With a mask: the same y and dx, but for the gradient of a NaN; unused bits are 0.
TEST(Kernel, MasksGiveTheSame) {
  const std::vector<float> x = test_values(3, longest);
  const std::vector<float> dy = test_values(4, longest);
  std::size_t tested = 0;
  for (const Activation& activation : variants()) {
    if (!activation.info().backward_from_mask) continue;
    ++tested;
    SCOPED_TRACE(activation.text());
    for_each_target([&] {
      for (std::size_t n = 0; n <= longest; ++n) {
        SCOPED_TRACE(n);
        for (const Edge edge : {Edge::front, Edge::back}) {
          const std::size_t bytes = (n + 7) / 8;
          const Guarded<float> in(std::vector<float>(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n)),
                                  edge);
          const Guarded<float> gradient(
              std::vector<float>(dy.begin(), dy.begin() + static_cast<std::ptrdiff_t>(n)), edge);
          Guarded<float> y(n, edge);
          Guarded<float> dx(n, edge);
          Guarded<std::uint8_t> mask(std::vector<std::uint8_t>(bytes, 0xA5), edge);
          activation.forward(in.data(), y.data(), mask.data(), n);
          activation.backward(mask.data(), gradient.data(), dx.data(), n);
          std::vector<float> expected = one_by_one(activation, in.values());
          ASSERT_EQ(bits_of(y.values()), bits_of(expected));
          expected = one_by_one(activation, expected, gradient.values());
          for (std::size_t i = 0; i < n; ++i) {
            if (std::isnan(x[i])) expected[i] = dy[i];
          }
          ASSERT_EQ(bits_of(dx.values()), bits_of(expected));
          if (n % 8 != 0) {
            ASSERT_EQ(mask[bytes - 1] >> (n % 8), 0);
          }
          // In place.
          activation.backward(mask.data(), dx.data(), dx.data(), n);
          ASSERT_EQ(bits_of(dx.values()), bits_of([&] {
                      std::vector<float> twice(n);
                      activation.backward(mask.data(), expected.data(), twice.data(), n);
                      return twice;
                    }()));
        }
      }
    });
  }
  EXPECT_GE(tested, 2U);
}

// Arrays beyond the caches are written past them: to the same bits, wherever they begin.
TEST(Kernel, LargeArraysGiveTheSameBits) {
  const std::size_t n = (std::size_t{1} << 23) + 70;
  std::vector<float> x(n + 3);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(static_cast<std::int64_t>(i % 4001) - 2000) / 256;
  std::vector<float> y(n + 3);
  std::vector<float> expected(n + 3);
  for (const char* name : {"relu", "tanh"}) {
    const Activation activation = Activation::parse(name);
    for_each_target([&] {
      for (const std::size_t offset : {0, 3}) {
        const auto in_parts = [&](auto&& part) {
          for (std::size_t i = 0; i < n; i += 1 << 16)
            part(i + offset, std::min<std::size_t>(1 << 16, n - i));
        };
        activation.forward(x.data() + 1, y.data() + offset, n);
        in_parts([&](std::size_t at, std::size_t count) {
          activation.forward(x.data() + 1 + at - offset, expected.data() + at, count);
        });
        ASSERT_TRUE(
            std::equal(y.begin() + 3, y.begin() + static_cast<std::ptrdiff_t>(n), expected.begin() + 3));
        activation.backward(expected.data() + offset, x.data(), y.data() + offset, n);
        in_parts([&](std::size_t at, std::size_t count) {
          activation.backward(expected.data() + at, x.data() + at - offset, expected.data() + at, count);
        });
        ASSERT_TRUE(
            std::equal(y.begin() + 3, y.begin() + static_cast<std::ptrdiff_t>(n), expected.begin() + 3));
      }
    });
  }
}

// backward is linear in dy: one product, rounded once.
TEST(Kernel, BackwardMultipliesTheSlopeByTheGradient) {
  const std::vector<float> x = {-3, -1.5F, -0.25F, 0, 0.25F, 1.5F, 3, 8};
  for (const Activation& activation : variants()) {
    SCOPED_TRACE(activation.text());
    for_each_target([&] {
      const std::vector<float> ones(x.size(), 1);
      const std::vector<float> threes(x.size(), -3.1F);
      const std::vector<float> slopes = one_by_one(activation, x, ones);
      const std::vector<float> products = one_by_one(activation, x, threes);
      for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(products[i], slopes[i] * -3.1F) << "at " << x[i];
    });
  }
}

}  // namespace
}  // namespace halfwave
