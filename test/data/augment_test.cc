#include "halfwave/data/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "sample.h"

namespace halfwave {
namespace {

constexpr Shape small_shape{.height = 6, .width = 5, .channels = 3};

// Every value is another one.
std::vector<float> numbered(const Shape& of) {
  std::vector<float> values(of.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i) / static_cast<float>(values.size());
  return values;
}

// One picture under every number.
class OnePicture : public Dataset {
 public:
  OnePicture(const Shape& shape, std::vector<float> values) : shape_(shape), values_(std::move(values)) {}
  std::size_t size() const override { return 1U << 31U; }
  Shape shape() const override { return shape_; }
  void get(std::size_t, float* values) const override { std::copy(values_.begin(), values_.end(), values); }
  int label(std::size_t) const override { return 0; }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::string fingerprint() const override { return "one"; }

 private:
  Shape shape_;
  std::vector<float> values_;
  std::vector<std::string> classes_{"a"};
};

// One whose file holds a picture of this size, and that keeps which part of it was asked for.
class OneLargePicture : public OnePicture {
 public:
  explicit OneLargePicture(const PictureSize& size)
      : OnePicture({.height = 6, .width = 5, .channels = 3}, {}), size_(size) {}
  PictureSize picture_size(std::size_t) const override { return size_; }
  void get_part(std::size_t, const PicturePart& part, float* values) const override {
    part_ = part;
    std::fill_n(values, OnePicture::shape().size(), 0.5F);
  }
  const PicturePart& part() const { return part_; }

 private:
  PictureSize size_;
  mutable PicturePart part_;
};

std::vector<float> changed(const std::string& text, std::uint32_t image, const std::vector<float>& from,
                           const Shape& of = small_shape) {
  const Augmenter augmenter(parse_augmentation(text), of,
                            std::vector<float>(static_cast<std::size_t>(of.channels), -1.0F));
  std::vector<float> to(from.size(), 99.0F);
  std::vector<float> unchanged;
  augmenter.get(OnePicture(of, from), image, RandomStream(3, RandomPurpose::augment, 1, image), unchanged,
                to.data());
  return to;
}

// Pixel (y, x) of the first channel.
float at(const std::vector<float>& values, std::int64_t y, std::int64_t x, const Shape& of = small_shape) {
  return values[static_cast<std::size_t>((y * of.width + x) * of.channels)];
}

TEST(Augment, TextComesBackAsItWas) {
  for (const char* text :
       {"", "flip", "flip,crop=4", "resize=0.25,rotate=10,shift=0.1,jitter=0.2,cutout=8,mixup=0.2"})
    EXPECT_EQ(to_text(parse_augmentation(text)), text);
  EXPECT_EQ(parse_augmentation("none"), Augmentation{});
  EXPECT_EQ(to_text(parse_augmentation("crop=4,flip")), "flip,crop=4");
  EXPECT_TRUE(parse_augmentation("flip").changes_pictures());
  EXPECT_FALSE(parse_augmentation("mixup=0.2").changes_pictures());
}

TEST(Augment, WrongTextsAreRefused) {
  const auto error = [](const char* text) { return message([&] { parse_augmentation(text); }); };
  EXPECT_EQ(error("flp"),
            "augment: unknown change 'flp'; did you mean 'flip'? (known: flip, crop, resize, rotate, shift, "
            "jitter, "
            "cutout, mixup)");
  EXPECT_EQ(error("flip=1"), "augment: 'flip' takes no value, got '1'");
  EXPECT_EQ(error("crop"), "augment: 'crop' expects a whole number from 0 to 1000, as in crop=4, got ''");
  EXPECT_EQ(error("crop=2.5"),
            "augment: 'crop' expects a whole number from 0 to 1000, as in crop=4, got '2.5'");
  EXPECT_EQ(error("jitter=1.5"),
            "augment: 'jitter' expects a number from 0 to 1, as in jitter=0.2, got '1.5'");
  EXPECT_EQ(error("rotate=nan"),
            "augment: 'rotate' expects a number from 0 to 180, as in rotate=0.2, got 'nan'");
  for (const char* text : {"flip,", ",flip", "flip,,crop=1", " flip", "cutout=-1", "=", "shift=x"})
    EXPECT_NE(error(text), "no error") << text;
}

TEST(Augment, NoneChangesNothing) {
  EXPECT_EQ(changed("none", 0, numbered(small_shape)), numbered(small_shape));
}

TEST(Augment, FlipExchangesLeftAndRightOfHalfOfThem) {
  const std::vector<float> from = numbered(small_shape);
  int flipped = 0;
  for (std::uint32_t image = 0; image < 1000; ++image) {
    const std::vector<float> to = changed("flip", image, from);
    if (to == from) continue;
    ++flipped;
    for (std::int64_t y = 0; y < small_shape.height; ++y)
      for (std::int64_t x = 0; x < small_shape.width; ++x)
        ASSERT_EQ(at(to, y, x), at(from, y, small_shape.width - 1 - x));
  }
  EXPECT_NEAR(flipped, 500, 80);  // 5 standard deviations of 16
}

TEST(Augment, CropMovesByWholePixelsAndFillsTheRest) {
  const std::vector<float> from = numbered(small_shape);
  std::map<std::pair<std::int64_t, std::int64_t>, int> moves;
  for (std::uint32_t image = 0; image < 2500; ++image) {
    const std::vector<float> to = changed("crop=2", image, from);
    // The middle is always there: it tells the move.
    const auto place =
        static_cast<std::int64_t>(std::find(from.begin(), from.end(), at(to, 3, 2)) - from.begin()) / 3;
    const std::int64_t down = place / small_shape.width - 3;
    const std::int64_t right = place % small_shape.width - 2;
    ++moves[{down, right}];
    for (std::int64_t y = 0; y < small_shape.height; ++y) {
      for (std::int64_t x = 0; x < small_shape.width; ++x) {
        const bool inside = y + down >= 0 && y + down < 6 && x + right >= 0 && x + right < 5;
        ASSERT_EQ(at(to, y, x), inside ? at(from, y + down, x + right) : -1.0F);
      }
    }
  }
  EXPECT_EQ(moves.size(), 25U);
  for (const auto& [move, count] : moves) EXPECT_NEAR(count, 100, 50);  // 5 standard deviations of 10
}

TEST(Augment, MovesAgreeWhetherInterpolatedOrNot) {
  const std::vector<float> from = numbered(small_shape);
  const auto close = [](const std::vector<float>& a, const std::vector<float>& b) {
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      most = std::max(most, static_cast<double>(std::abs(a[i] - b[i])));
    return most;
  };
  // Turned so little that nothing moves: by 1e-7 degrees.
  for (std::uint32_t image = 0; image < 50; ++image)
    EXPECT_LT(
        close(changed("flip,crop=2,rotate=0.0000001", image, from), changed("flip,crop=2", image, from)),
        1e-5);
}

// A linear ramp stays one with another slope wherever it is interpolated: the reference is the formula.
TEST(Augment, TurnsAndShiftsWhereItSays) {
  constexpr Shape large{.height = 40, .width = 40, .channels = 1};
  std::vector<float> from(large.size());
  for (std::int64_t i = 0; i < 1600; ++i) from[static_cast<std::size_t>(i)] = static_cast<float>(i % 40) / 40;
  for (std::uint32_t image = 0; image < 200; ++image) {
    const std::vector<float> turned = changed("rotate=30", image, from, large);
    const double across = static_cast<double>(at(turned, 20, 21, large) - at(turned, 20, 20, large)) * 40;
    const double down = static_cast<double>(at(turned, 21, 20, large) - at(turned, 20, 20, large)) * 40;
    EXPECT_NEAR(across * across + down * down, 1, 1e-4);  // cosine and sine
    EXPECT_GE(across, std::cos(30 * 3.14159265 / 180) - 1e-4);
    EXPECT_NEAR(at(turned, 19, 19, large) + at(turned, 20, 20, large), from[19] + from[20], 1e-5)
        << "about the middle";

    const std::vector<float> shifted = changed("shift=0.1", image, from, large);
    EXPECT_LE(std::abs(at(shifted, 20, 20, large) - from[20]), 0.1001);
    EXPECT_NEAR(at(shifted, 20, 21, large) - at(shifted, 20, 20, large), 1.0 / 40, 1e-5);
  }
}

TEST(Augment, ResizeTakesPartsOfTheWholePicture) {
  const Augmenter augmenter({.resize = 0.25}, small_shape, {0, 0, 0});
  std::vector<float> unchanged;
  std::vector<float> values(small_shape.size());
  const auto part_of = [&](const OneLargePicture& picture, std::uint64_t step) {
    augmenter.get(picture, 0, RandomStream(3, RandomPurpose::augment, step), unchanged, values.data());
    return picture.part();
  };
  const OneLargePicture photograph({375, 500});
  double areas = 0;
  double tops = 0;
  double lefts = 0;
  constexpr int draws = 4000;
  for (int i = 0; i < draws; ++i) {
    const PicturePart part = part_of(photograph, static_cast<std::uint64_t>(i));
    const double area = part.height * part.width;
    const double ratio = part.width * 500 / (part.height * 375);
    EXPECT_TRUE(area >= 0.25 && area <= 1 + 1e-9 && ratio > 0.7499 && ratio < 1.3334) << area << ' ' << ratio;
    EXPECT_TRUE(part.top >= 0 && part.left >= 0 && part.top + part.height <= 1 + 1e-9 &&
                part.left + part.width <= 1 + 1e-9);
    areas += area / draws;
    tops += (part.top + part.height / 2) / draws;
    lefts += (part.left + part.width / 2) / draws;
  }
  EXPECT_GT(areas, 0.5);
  EXPECT_LT(areas, 0.625) << "drawn evenly from 0.25 to 1, and the largest do not always fit";
  // Middles are at most 0.25 away from the picture's: 5 standard errors of 0.004.
  EXPECT_NEAR(tops, 0.5, 0.02);
  EXPECT_NEAR(lefts, 0.5, 0.02);
  EXPECT_EQ(part_of(photograph, 7).top, part_of(photograph, 7).top);
  // None of them fits into a band of 1 : 25.
  const PicturePart middle = part_of(OneLargePicture({40, 1000}), 1);
  EXPECT_EQ(middle.height, 1);
  EXPECT_EQ(middle.top, 0);
  EXPECT_NEAR(middle.width * 1000 / 40, 4.0 / 3, 1e-9);
  EXPECT_NEAR(middle.left, (1 - middle.width) / 2, 1e-9);
  const PicturePart upright = part_of(OneLargePicture({1000, 40}), 1);
  EXPECT_EQ(upright.width, 1);
  EXPECT_NEAR(upright.height * 1000 / 40, 4.0 / 3, 1e-9);
}

TEST(Augment, JitterKeepsTheRangeAndChangesLittle) {
  RandomStream random(1, RandomPurpose::test);
  std::vector<float> from(small_shape.size());
  for (float& value : from) value = random.uniform();
  std::set<float> firsts;
  for (std::uint32_t image = 0; image < 100; ++image) {
    const std::vector<float> to = changed("jitter=0.2", image, from);
    for (std::size_t i = 0; i < to.size(); ++i) {
      EXPECT_TRUE(to[i] >= 0 && to[i] <= 1);
      // Three factors of 0.8 to 1.2 of distances of at most 1.
      EXPECT_LE(std::abs(to[i] - from[i]), 0.65F);
    }
    firsts.insert(to[0]);
  }
  EXPECT_GT(firsts.size(), 90U);
  const std::vector<float> grey(30, 0.5F);
  constexpr Shape one{.height = 6, .width = 5, .channels = 1};
  const std::vector<float> to = changed("jitter=0.5", 7, grey, one);
  EXPECT_EQ(std::count(to.begin(), to.end(), to[0]), 30) << "one level stays one level";
}

TEST(Augment, CutoutCoversASquare) {
  constexpr Shape large{.height = 20, .width = 30, .channels = 3};
  const std::vector<float> from = numbered(large);
  for (std::uint32_t image = 0; image < 300; ++image) {
    const std::vector<float> to = changed("cutout=6", image, from, large);
    std::int64_t top = 99, bottom = -1, left = 99, right = -1, covered = 0;
    for (std::int64_t y = 0; y < 20; ++y) {
      for (std::int64_t x = 0; x < 30; ++x) {
        if (at(to, y, x, large) != -1.0F) {
          ASSERT_EQ(at(to, y, x, large), at(from, y, x, large));
          continue;
        }
        ++covered;
        top = std::min(top, y), bottom = std::max(bottom, y), left = std::min(left, x),
        right = std::max(right, x);
      }
    }
    EXPECT_EQ(covered, (bottom - top + 1) * (right - left + 1));
    EXPECT_LE(bottom - top, 5);
    EXPECT_LE(right - left, 5);
    EXPECT_GE(covered, 9) << "its middle is always inside";
  }
}

// The mean of max(b, 1 - b) for b of Beta(a, a), by numerical integration of its density.
TEST(Augment, MixingSharesAreOfTheBetaDistribution) {
  for (const double a : {0.5, 1.0, 2.0}) {
    double mass = 0;
    double mean = 0;
    for (int i = 0; i < 400'000; ++i) {
      const double b = (i + 0.5) / 400'000;
      const double density = std::pow(b * (1 - b), a - 1);
      mass += density;
      mean += density * std::max(b, 1 - b);
    }
    mean /= mass;
    const Augmenter augmenter({.mixup = a}, small_shape, {0, 0, 0});
    double sum = 0;
    constexpr int draws = 20'000;
    for (int i = 0; i < draws; ++i) {
      const double share =
          augmenter.mixing_share(RandomStream(1, RandomPurpose::mixup, static_cast<std::uint64_t>(i)));
      EXPECT_TRUE(share >= 0.5 && share <= 1);
      sum += share;
    }
    // Its deviation is at most 0.2: 5 standard errors of 0.0014.
    EXPECT_NEAR(sum / draws, mean, 0.007) << a;
  }
  EXPECT_EQ(Augmenter({}, small_shape, {0, 0, 0}).mixing_share(RandomStream(1, RandomPurpose::mixup)), 1);
}

}  // namespace
}  // namespace halfwave
