#include "halfwave/data/augment.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

#include "halfwave/base/error.h"
#include "halfwave/base/text.h"

namespace halfwave {
namespace {

// Every option by name, once; for reading, writing and help.
template <class Visitor, class Options>
void visit(Visitor&& v, Options& o) {
  v("flip", o.flip, 1, "left and right exchanged, of every second picture");
  v("crop", o.crop, 1000, "moved by up to so many pixels each way");
  v("resize", o.resize, 1, "a part of at least this share of the area becomes the whole picture");
  v("rotate", o.rotate, 180, "turned by up to so many degrees each way");
  v("shift", o.shift, 1, "moved by up to this share of its side each way");
  v("jitter", o.jitter, 1, "brightness, contrast and saturation times 1 - this to 1 + this");
  v("cutout", o.cutout, 10'000, "a square with sides of so many pixels covered");
  v("mixup", o.mixup, 100, "pairs mixed, by shares from Beta(this, this)");
}

template <class Value>
constexpr bool is_flag = std::is_same_v<std::remove_const_t<Value>, bool>;

// Sets the option of one part of the text.
struct Setter {
  std::string_view name;
  std::string_view text;  // behind the '='
  bool has_value;
  bool found = false;
  std::vector<std::string_view> known{};

  template <class Value>
  void operator()(std::string_view key, Value& value, double most, std::string_view) {
    known.push_back(key);
    if (key != name) return;
    found = true;
    if constexpr (is_flag<Value>) {
      if (has_value) fail("augment: '{}' takes no value, got '{}'", name, text);
      value = true;
    } else {
      const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
      const bool good = code == std::errc() && end == text.data() + text.size();
      if (!good || !(static_cast<double>(value) >= 0 && static_cast<double>(value) <= most)) {
        fail("augment: '{}' expects a {} from 0 to {}, as in {}={}, got '{}'", name,
             std::is_integral_v<Value> ? "whole number" : "number", most, name,
             std::is_integral_v<Value> ? "4" : "0.2", printable(text));
      }
    }
  }
};

void set(Augmentation& augmentation, std::string_view part) {
  const std::size_t equals = part.find('=');
  const bool has_value = equals != std::string_view::npos;
  Setter setter{part.substr(0, equals), has_value ? part.substr(equals + 1) : std::string_view(), has_value};
  visit(setter, augmentation);
  if (!setter.found) {
    fail("augment: unknown change '{}'{} (known: {})", printable(setter.name),
         suggestion(setter.name, setter.known), fmt::join(setter.known, ", "));
  }
}

// From low to high.
double between(RandomStream& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random.uniform());
}

// Marsaglia and Tsang 2000, "A simple method for generating gamma variables", with their step for shapes
// below 1.
double gamma(RandomStream& random, double shape) {
  if (shape < 1) {
    const double u = (random.next() + 1.0) * 0x1p-32;
    return gamma(random, shape + 1) * std::pow(u, 1 / shape);
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const auto x = static_cast<double>(random.normal());
    const double v = std::pow(1 + c * x, 3);
    const double u = (random.next() + 1.0) * 0x1p-32;
    if (v > 0 && std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

// ITU-R BT.601, as in fit.h.
float luma(const float* rgb) { return 0.299F * rgb[0] + 0.587F * rgb[1] + 0.114F * rgb[2]; }

}  // namespace

bool Augmentation::changes_pictures() const {
  Augmentation none;
  none.mixup = mixup;
  return *this != none;
}

Augmentation parse_augmentation(std::string_view text) {
  Augmentation augmentation;
  if (text.empty() || text == "none") return augmentation;
  for (;;) {
    const std::size_t comma = text.find(',');
    set(augmentation, text.substr(0, comma));
    if (comma == std::string_view::npos) return augmentation;
    text.remove_prefix(comma + 1);
  }
}

std::string to_text(const Augmentation& augmentation) {
  std::vector<std::string> parts;
  visit(
      [&]<class Value>(std::string_view key, const Value& value, double, std::string_view) {
        if (value == Value{}) return;
        parts.push_back(is_flag<Value> ? std::string(key) : fmt::format("{}={}", key, value));
      },
      augmentation);
  return fmt::format("{}", fmt::join(parts, ","));
}

std::string augmentation_help() {
  std::string help;
  Augmentation augmentation;
  visit(
      [&]<class Value>(std::string_view key, Value&, double, std::string_view what) {
        help +=
            fmt::format("  {:<10} {}\n",
                        is_flag<Value> ? std::string(key)
                                       : fmt::format("{}={}", key, std::is_integral_v<Value> ? "4" : "0.2"),
                        what);
      },
      augmentation);
  return help;
}

// Where a value of the changed picture comes from: with u and v from the middle of the picture,
// (u, v) goes to turn x (u, v) + offset.
struct Augmenter::Move {
  bool flip = false;
  std::int64_t right = 0;  // whole pixels
  std::int64_t down = 0;
  bool whole = true;  // only these
  double cosine = 1, sine = 0;
  double offset_u = 0, offset_v = 0;
};

Augmenter::Augmenter(const Augmentation& augmentation, const Shape& shape, std::vector<float> fill)
    : augmentation_(augmentation), shape_(shape), fill_(std::move(fill)) {}

// As is usual: drawn until it lies within, ten times at most, and then the largest in the middle.
PicturePart Augmenter::draw_part(RandomStream& random, const PictureSize& size) const {
  constexpr double most = 4.0 / 3;  // of width by height, and the other way round
  const auto sides = static_cast<double>(size.height) / static_cast<double>(size.width);
  for (int i = 0; i < 10; ++i) {
    const double area = between(random, augmentation_.resize, 1);
    const double ratio = std::exp(between(random, -std::log(most), std::log(most)));
    PicturePart part{.height = std::sqrt(area / ratio / sides), .width = std::sqrt(area * ratio * sides)};
    if (part.height > 1 || part.width > 1) continue;
    part.top = between(random, 0, 1 - part.height);
    part.left = between(random, 0, 1 - part.width);
    return part;
  }
  PicturePart part{.height = std::min(most / sides, 1.0), .width = std::min(most * sides, 1.0)};
  part.top = (1 - part.height) / 2;
  part.left = (1 - part.width) / 2;
  return part;
}

Augmenter::Move Augmenter::draw_move(RandomStream& random) const {
  const Augmentation& a = augmentation_;
  const auto height = static_cast<double>(shape_.height);
  const auto width = static_cast<double>(shape_.width);
  Move move;
  if (a.flip) move.flip = random.below(2) == 1;
  if (a.crop > 0) {
    const auto steps = static_cast<std::uint32_t>(2 * a.crop + 1);
    move.right = static_cast<std::int64_t>(random.below(steps)) - a.crop;
    move.down = static_cast<std::int64_t>(random.below(steps)) - a.crop;
  }
  move.whole = a.rotate == 0 && a.shift == 0;
  if (a.rotate > 0) {
    const double angle = between(random, -a.rotate, a.rotate) * std::numbers::pi / 180;
    move.cosine = std::cos(angle);
    move.sine = std::sin(angle);
  }
  if (a.shift > 0) {
    move.offset_u += between(random, -a.shift, a.shift) * width;
    move.offset_v += between(random, -a.shift, a.shift) * height;
  }
  return move;
}

void Augmenter::copy_moved(const Move& move, const float* from, float* to) const {
  const auto channels = static_cast<std::size_t>(shape_.channels);
  for (std::int64_t y = 0; y < shape_.height; ++y) {
    const std::int64_t row = y + move.down;
    for (std::int64_t x = 0; x < shape_.width; ++x) {
      const std::int64_t column = (move.flip ? shape_.width - 1 - x : x) + move.right;
      const bool inside = row >= 0 && row < shape_.height && column >= 0 && column < shape_.width;
      to = std::copy_n(
          inside ? from + static_cast<std::size_t>(row * shape_.width + column) * channels : fill_.data(),
          channels, to);
    }
  }
}

void Augmenter::interpolate(const Move& move, const float* from, float* to) const {
  const auto channels = static_cast<std::size_t>(shape_.channels);
  const double half_width = static_cast<double>(shape_.width) / 2;
  const double half_height = static_cast<double>(shape_.height) / 2;
  const auto pixel = [&](std::int64_t row, std::int64_t column) {
    const bool inside = row >= 0 && row < shape_.height && column >= 0 && column < shape_.width;
    return inside ? from + static_cast<std::size_t>(row * shape_.width + column) * channels : fill_.data();
  };
  for (std::int64_t y = 0; y < shape_.height; ++y) {
    for (std::int64_t x = 0; x < shape_.width; ++x) {
      const double u = (static_cast<double>(x) + 0.5 - half_width) * (move.flip ? -1 : 1);
      const double v = static_cast<double>(y) + 0.5 - half_height;
      const double column = move.cosine * u - move.sine * v + move.offset_u +
                            static_cast<double>(move.right) + half_width - 0.5;
      const double row = move.sine * u + move.cosine * v + move.offset_v + static_cast<double>(move.down) +
                         half_height - 0.5;
      const auto left = static_cast<std::int64_t>(std::floor(column));
      const auto top = static_cast<std::int64_t>(std::floor(row));
      const auto share_right = static_cast<float>(column - static_cast<double>(left));
      const auto share_down = static_cast<float>(row - static_cast<double>(top));
      const float* corners[] = {pixel(top, left), pixel(top, left + 1), pixel(top + 1, left),
                                pixel(top + 1, left + 1)};
      for (std::size_t c = 0; c < channels; ++c) {
        const float above = corners[0][c] + (corners[1][c] - corners[0][c]) * share_right;
        const float below = corners[2][c] + (corners[3][c] - corners[2][c]) * share_right;
        *to++ = above + (below - above) * share_down;
      }
    }
  }
}

void Augmenter::jitter(RandomStream& random, float* x) const {
  const double j = augmentation_.jitter;
  const auto brightness = static_cast<float>(between(random, 1 - j, 1 + j));
  const auto contrast = static_cast<float>(between(random, 1 - j, 1 + j));
  const auto saturation = static_cast<float>(between(random, 1 - j, 1 + j));
  const bool colour = shape_.channels == 3;
  const std::size_t step = colour ? 3 : 1;
  double sum = 0;
  for (std::size_t i = 0; i < shape_.size(); i += step)
    sum += static_cast<double>(colour ? luma(x + i) : x[i]) * static_cast<double>(brightness);
  const auto middle =
      static_cast<float>(sum * static_cast<double>(step) / static_cast<double>(shape_.size()));
  for (std::size_t i = 0; i < shape_.size(); i += step) {
    const float grey = colour ? luma(x + i) : x[i];
    for (std::size_t c = 0; c < step; ++c) {
      const float value = (grey + (x[i + c] - grey) * saturation) * brightness;
      x[i + c] = std::clamp(middle + (value - middle) * contrast, 0.0F, 1.0F);
    }
  }
}

void Augmenter::cut_out(RandomStream& random, float* x) const {
  const auto channels = static_cast<std::size_t>(shape_.channels);
  const std::int64_t side = augmentation_.cutout;
  const std::int64_t top =
      static_cast<std::int64_t>(random.below(static_cast<std::uint32_t>(shape_.height))) - side / 2;
  const std::int64_t left =
      static_cast<std::int64_t>(random.below(static_cast<std::uint32_t>(shape_.width))) - side / 2;
  for (std::int64_t row = std::max(top, std::int64_t{0}); row < std::min(top + side, shape_.height); ++row) {
    for (std::int64_t column = std::max(left, std::int64_t{0}); column < std::min(left + side, shape_.width);
         ++column)
      std::copy(fill_.begin(), fill_.end(),
                x + static_cast<std::size_t>(row * shape_.width + column) * channels);
  }
}

void Augmenter::get(const Dataset& data, std::size_t i, RandomStream random, std::vector<float>& unchanged,
                    float* values) const {
  unchanged.resize(shape_.size());
  if (augmentation_.resize > 0) {
    data.get_part(i, draw_part(random, data.picture_size(i)), unchanged.data());
  } else {
    data.get(i, unchanged.data());
  }
  const Move move = draw_move(random);
  if (move.whole) {
    copy_moved(move, unchanged.data(), values);
  } else {
    interpolate(move, unchanged.data(), values);
  }
  if (augmentation_.jitter > 0) jitter(random, values);
  if (augmentation_.cutout > 0) cut_out(random, values);
}

double Augmenter::mixing_share(RandomStream random) const {
  if (augmentation_.mixup == 0) return 1;
  const double first = gamma(random, augmentation_.mixup);
  const double second = gamma(random, augmentation_.mixup);
  const double sum = first + second;
  const double share = sum > 0 ? first / sum : 1;
  return std::max(share, 1 - share);
}

}  // namespace halfwave
