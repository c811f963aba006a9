#include "halfwave/kernel/pool.h"

#include <algorithm>
#include <limits>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/pool.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/double-inl.h"
#include "halfwave/kernel/largest-inl.h"
#include "halfwave/kernel/partial-inl.h"

#ifndef HALFWAVE_POOL_COMMON
#define HALFWAVE_POOL_COMMON
namespace halfwave::kernel {

// The part of a window that lies in the image, in pixels, and what its mean is divided by.
struct Window {
  Window(const PoolSize& s, std::int64_t p, std::int64_t q) {
    const std::int64_t top = p * s.stride_height - s.pad_height;
    const std::int64_t left = q * s.stride_width - s.pad_width;
    const std::int64_t bottom = std::min(top + s.kernel_height, s.input_height + s.pad_height);
    const std::int64_t right = std::min(left + s.kernel_width, s.input_width + s.pad_width);
    padded_count = (bottom - top) * (right - left);
    first_row = std::max<std::int64_t>(top, 0);
    first_column = std::max<std::int64_t>(left, 0);
    end_row = std::min(bottom, s.input_height);
    end_column = std::min(right, s.input_width);
    row_offset = first_row - top;
    column_offset = first_column - left;
  }
  std::int64_t count() const {
    return std::max<std::int64_t>(end_row - first_row, 0) *
           std::max<std::int64_t>(end_column - first_column, 0);
  }

  std::int64_t first_row, first_column, end_row, end_column;
  std::int64_t row_offset, column_offset;  // of the first pixel within the window
  std::int64_t padded_count;
};

inline bool wide_index(const PoolSize& s) { return s.kernel_height * s.kernel_width >= 255; }

inline double mean_divisor(const Window& window, bool count_pad) {
  return static_cast<double>(count_pad ? window.padded_count : std::max<std::int64_t>(window.count(), 1));
}
inline float mean_factor(const Window& window, bool count_pad) {
  return 1.0F / static_cast<float>(mean_divisor(window, count_pad));
}

}  // namespace halfwave::kernel
#endif

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = Largest::D;
using V = Largest::V;

// Of one vector of channels, of which `count` are left. x: the first value of the window that is in the
// image. none_place: what it is if there is none.
HWY_INLINE Largest largest_of(const PoolSize& s, const Window& window, const float* x, std::size_t count,
                              std::int32_t none_place) {
  const D d;
  const hn::RebindToSigned<D> di;
  const auto none = hn::Set(di, none_place);
  Largest best{hn::Set(d, -std::numeric_limits<float>::infinity()), none};
  for (std::int64_t row = window.first_row; row < window.end_row; ++row, x += s.input_width * s.channels) {
    const float* from = x;
    auto place = static_cast<std::int32_t>((row - window.first_row + window.row_offset) * s.kernel_width +
                                           window.column_offset);
    for (std::int64_t column = window.first_column; column < window.end_column;
         ++column, from += s.channels, ++place) {
      const V value = load_first(d, from, count);
      // The first of equal ones wins, minus infinity too.
      const auto better = hn::Or(hn::Or(hn::Gt(value, best.value), hn::IsNaN(value)),
                                 hn::RebindMask(d, hn::Eq(best.place, none)));
      replace(best, better, value, place);
    }
  }
  return best;
}

// The same for a square window that is wholly in the image. The value is NaN where one of them may be NaN;
// the place means nothing then.
template <std::size_t Side>
HWY_INLINE Largest largest_inside(const PoolSize& s, const float* x, std::size_t count) {
  const D d;
  const hn::RebindToSigned<D> di;
  Largest best{load_first(d, x, count), hn::Zero(di)};
  V sum = best.value;  // NaN if one of them is
  for (std::size_t place = 1; place < Side * Side; ++place) {
    const std::size_t pixel = place / Side * static_cast<std::size_t>(s.input_width) + place % Side;
    const V value = load_first(d, x + pixel * static_cast<std::size_t>(s.channels), count);
    replace(best, hn::Gt(value, best.value), value, static_cast<std::int32_t>(place));
    sum = hn::Add(sum, value);
  }
  best.value = hn::IfThenElse(hn::IsNaN(sum), sum, best.value);
  return best;
}

// Side: as in max_rows_of.
template <std::size_t Side>
HWY_INLINE Largest largest(const PoolSize& s, const Window& window, const float* x, std::size_t count,
                           std::int32_t none_place) {
  if constexpr (Side > 0) {
    if (window.count() == static_cast<std::int64_t>(Side * Side)) {
      const Largest best = largest_inside<Side>(s, x, count);
      if (hn::AllFalse(D(), hn::IsNaN(best.value))) return best;
    }
  }
  return largest_of(s, window, x, count, none_place);
}

// x begins with row `top`. Index is the type of a saved winner: its place in the window, all ones for none.
// Side: of windows that are known at compile time; 0: of others.
template <std::size_t Side, class Index, bool save, bool rectify>
void max_rows_of(const PoolSize& s, const float* x, std::int64_t top, float* y, Index* saved,
                 std::int64_t first, std::int64_t last) {
  constexpr std::int32_t none = static_cast<Index>(~Index{0});
  const std::size_t lanes = hn::Lanes(D());
  const auto channels = static_cast<std::size_t>(s.channels);
  for (std::int64_t p = first; p < last; ++p) {
    for (std::int64_t q = 0; q < s.output_width; ++q, y += channels) {
      const Window window(s, p, q);
      const float* corner = x + ((window.first_row - top) * s.input_width + window.first_column) * s.channels;
      for (std::size_t c = 0; c < channels; c += lanes) {
        const std::size_t count = channels - c;
        store_largest(largest<Side>(s, window, corner + c, count, none), rectify, y + c,
                      save ? saved + c : nullptr, count);
      }
      if constexpr (save) saved += padded_channels(s);
    }
  }
}

template <class Index, bool save, bool rectify>
void max_rows(const PoolSize& s, const float* x, std::int64_t top, float* y, Index* saved, std::int64_t first,
              std::int64_t last) {
  const bool square = s.kernel_height == s.kernel_width;
  const auto rows = square && s.kernel_height == 2   ? &max_rows_of<2, Index, save, rectify>
                    : square && s.kernel_height == 3 ? &max_rows_of<3, Index, save, rectify>
                                                     : &max_rows_of<0, Index, save, rectify>;
  rows(s, x, top, y, saved, first, last);
}

template <class Index>
void max_image_of(const PoolSize& s, bool rectify, const float* x, std::int64_t top, float* y,
                  std::byte* saved, std::int64_t first, std::int64_t last) {
  auto* winners = reinterpret_cast<Index*>(saved);
  if (saved == nullptr) {
    rectify ? max_rows<Index, false, true>(s, x, top, y, winners, first, last)
            : max_rows<Index, false, false>(s, x, top, y, winners, first, last);
  } else {
    rectify ? max_rows<Index, true, true>(s, x, top, y, winners, first, last)
            : max_rows<Index, true, false>(s, x, top, y, winners, first, last);
  }
}

void max_image(const PoolSize& s, bool rectify, const float* x, std::int64_t top, float* y, std::byte* saved,
               std::int64_t first, std::int64_t last) {
  wide_index(s) ? max_image_of<std::uint16_t>(s, rectify, x, top, y, saved, first, last)
                : max_image_of<std::uint8_t>(s, rectify, x, top, y, saved, first, last);
}

// With `tiles` the windows cover the image without overlap: every value is written once.
template <class Index, bool tiles>
void max_backward_rows(const PoolSize& s, const float* dy, float* dx, const Index* saved) {
  const D d;
  const hn::RebindToSigned<D> di;
  const hn::Rebind<Index, D> dw;
  const std::size_t lanes = hn::Lanes(d);
  const auto channels = static_cast<std::size_t>(s.channels);
  for (std::int64_t p = 0; p < s.output_height; ++p) {
    for (std::int64_t q = 0; q < s.output_width; ++q, dy += channels, saved += padded_channels(s)) {
      const Window window(s, p, q);
      for (std::size_t c = 0; c < channels; c += lanes) {
        const std::size_t count = channels - c;
        const auto gradient = load_first(d, dy + c, count);
        const auto winner = hn::PromoteTo(di, hn::LoadU(dw, saved + c));
        for (std::int64_t row = window.first_row; row < window.end_row; ++row) {
          float* to = dx + (row * s.input_width + window.first_column) * s.channels + c;
          auto tap = static_cast<std::int32_t>((row - window.first_row + window.row_offset) * s.kernel_width +
                                               window.column_offset);
          for (std::int64_t column = window.first_column; column < window.end_column;
               ++column, to += channels, ++tap) {
            const auto part =
                hn::IfThenElseZero(hn::RebindMask(d, hn::Eq(winner, hn::Set(di, tap))), gradient);
            store_first(tiles ? part : hn::Add(part, load_first(d, to, count)), d, to, count);
          }
        }
      }
    }
  }
}

// Few channels would leave vectors mostly empty: each gradient goes its own way, without a branch that would
// be mispredicted half the time.
void max_backward_few(const PoolSize& s, const float* dy, float* dx, const std::uint8_t* saved) {
  constexpr std::uint8_t none = 255;
  std::int64_t offsets[none + 1] = {};
  for (std::int64_t tap = 0; tap < s.kernel_height * s.kernel_width; ++tap) {
    offsets[tap] = (tap / s.kernel_width * s.input_width + tap % s.kernel_width) * s.channels;
  }
  std::fill_n(dx, s.input_size(), 0.0F);
  for (std::int64_t p = 0; p < s.output_height; ++p) {
    for (std::int64_t q = 0; q < s.output_width; ++q, dy += s.channels, saved += padded_channels(s)) {
      const std::int64_t top = p * s.stride_height - s.pad_height;
      const std::int64_t left = q * s.stride_width - s.pad_width;
      const std::int64_t corner = (top * s.input_width + left) * s.channels;
      for (std::int64_t c = 0; c < s.channels; ++c) {
        const bool passes = saved[c] != none;
        dx[passes ? corner + offsets[saved[c]] + c : 0] += passes ? dy[c] : 0.0F;
      }
    }
  }
}

template <class Index>
void max_backward_of(const PoolSize& s, const float* dy, float* dx, const std::byte* saved) {
  const auto* winners = reinterpret_cast<const Index*>(saved);
  if constexpr (sizeof(Index) == 1) {
    if (s.channels < 8) {
      max_backward_few(s, dy, dx, winners);
      return;
    }
  }
  const bool tiles = s.pad_height == 0 && s.pad_width == 0 && s.kernel_height == s.stride_height &&
                     s.kernel_width == s.stride_width &&
                     s.output_height * s.stride_height >= s.input_height &&
                     s.output_width * s.stride_width >= s.input_width;
  if (tiles) {
    max_backward_rows<Index, true>(s, dy, dx, winners);
  } else {
    std::fill_n(dx, s.input_size(), 0.0F);
    max_backward_rows<Index, false>(s, dy, dx, winners);
  }
}

void max_backward_image(const PoolSize& s, const float* dy, float* dx, const std::byte* saved) {
  wide_index(s) ? max_backward_of<std::uint16_t>(s, dy, dx, saved)
                : max_backward_of<std::uint8_t>(s, dy, dx, saved);
}

// Pixels [first, last) of dy.
void clear_losers(const PoolSize& s, float* dy, const std::uint8_t* winners, std::size_t first,
                  std::size_t last) {
  const D d;
  const hn::RebindToSigned<D> di;
  const hn::Rebind<std::uint8_t, D> dw;
  const auto channels = static_cast<std::size_t>(s.channels);
  const auto none = hn::Set(di, 255);
  for (std::size_t pixel = first; pixel < last; ++pixel) {
    float* values = dy + pixel * channels;
    for (std::size_t c = 0; c < channels; c += hn::Lanes(d)) {
      const auto winner = hn::PromoteTo(di, hn::LoadU(dw, winners + pixel * padded_channels(s) + c));
      const auto lost = hn::RebindMask(d, hn::Eq(winner, none));
      // Where that needs no load, which would wait for the stores to the pixel before.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
      hn::BlendedStore(hn::Zero(d), hn::And(lost, hn::FirstN(d, channels - c)), d, values + c);
#else
      store_first(hn::IfThenZeroElse(lost, load_first(d, values + c, channels - c)), d, values + c,
                  channels - c);
#endif
    }
  }
}

// Larger windows are summed in double, this many pixels in float at a time.
constexpr std::int64_t float_pixels = 16;

// The mean over a window of one vector of channels, of which `count` are left.
HWY_INLINE void average_window(const PoolSize& s, const Window& window, double factor, const float* x,
                               float* y, std::size_t count) {
  const hn::ScalableTag<float> d;
  const std::int64_t width = window.end_column - window.first_column;
  const std::int64_t rows = std::max<std::int64_t>(float_pixels / std::max<std::int64_t>(width, 1), 1);
  const std::int64_t columns = std::min(width, float_pixels);
  DoubleSum total;
  for (std::int64_t top = window.first_row; top < window.end_row; top += rows) {
    const std::int64_t bottom = std::min(top + rows, window.end_row);
    for (std::int64_t left = window.first_column; left < window.end_column; left += columns) {
      const std::int64_t right = std::min(left + columns, window.end_column);
      auto sum = hn::Zero(d);
      for (std::int64_t row = top; row < bottom; ++row) {
        const float* from = x + (row * s.input_width + left) * s.channels;
        for (std::int64_t column = left; column < right; ++column, from += s.channels) {
          sum = hn::Add(sum, load_first(d, from, count));
        }
      }
      total.add(sum);
    }
  }
  total.store(factor, y, count);
}

void average_large(const PoolSize& s, bool count_pad, const float* x, float* y, std::int64_t first,
                   std::int64_t last) {
  const auto channels = static_cast<std::size_t>(s.channels);
  for (std::int64_t p = first; p < last; ++p) {
    for (std::int64_t q = 0; q < s.output_width; ++q, y += channels) {
      const Window window(s, p, q);
      const double factor = 1 / mean_divisor(window, count_pad);
      for (std::size_t c = 0; c < channels; c += hn::Lanes(hn::ScalableTag<float>())) {
        average_window(s, window, factor, x + c, y + c, channels - c);
      }
    }
  }
}

void average_image(const PoolSize& s, bool count_pad, const float* x, float* y, std::int64_t first,
                   std::int64_t last) {
  if (s.kernel_height * s.kernel_width > float_pixels) {
    average_large(s, count_pad, x, y, first, last);
    return;
  }
  const D d;
  const auto channels = static_cast<std::size_t>(s.channels);
  for (std::int64_t p = first; p < last; ++p) {
    for (std::int64_t q = 0; q < s.output_width; ++q, y += channels) {
      const Window window(s, p, q);
      const auto factor = hn::Set(d, mean_factor(window, count_pad));
      for (std::size_t c = 0; c < channels; c += hn::Lanes(d)) {
        auto sum = hn::Zero(d);
        for (std::int64_t row = window.first_row; row < window.end_row; ++row) {
          const float* from = x + (row * s.input_width + window.first_column) * s.channels + c;
          for (std::int64_t column = window.first_column; column < window.end_column;
               ++column, from += channels) {
            sum = hn::Add(sum, load_first(d, from, channels - c));
          }
        }
        store_first(hn::Mul(sum, factor), d, y + c, channels - c);
      }
    }
  }
}

void average_backward_image(const PoolSize& s, bool count_pad, const float* dy, float* dx) {
  const D d;
  const auto channels = static_cast<std::size_t>(s.channels);
  std::fill_n(dx, s.input_size(), 0.0F);
  for (std::int64_t p = 0; p < s.output_height; ++p) {
    for (std::int64_t q = 0; q < s.output_width; ++q, dy += channels) {
      const Window window(s, p, q);
      const auto factor = hn::Set(d, mean_factor(window, count_pad));
      for (std::size_t c = 0; c < channels; c += hn::Lanes(d)) {
        const auto part = hn::Mul(load_first(d, dy + c, channels - c), factor);
        for (std::int64_t row = window.first_row; row < window.end_row; ++row) {
          float* to = dx + (row * s.input_width + window.first_column) * s.channels + c;
          for (std::int64_t column = window.first_column; column < window.end_column;
               ++column, to += channels) {
            store_first(hn::Add(load_first(d, to, channels - c), part), d, to, channels - c);
          }
        }
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

HWY_EXPORT(max_image);
HWY_EXPORT(max_backward_image);
HWY_EXPORT(clear_losers);
HWY_EXPORT(average_image);
HWY_EXPORT(average_backward_image);

// Rows below which a second thread costs more than it brings.
std::size_t row_grain(const PoolSize& s) {
  const std::int64_t window =
      std::min(s.kernel_height, s.input_height) * std::min(s.kernel_width, s.input_width);
  const std::int64_t work = s.output_width * s.channels * window;
  return std::max<std::size_t>(parallel_grain / static_cast<std::size_t>(work), 1);
}

// Calls body(image, first, last) for ranges of output rows.
template <class Body>
void over_rows(const PoolSize& s, std::int64_t n, Body&& body) {
  const auto height = static_cast<std::size_t>(s.output_height);
  parallel_for_all(static_cast<std::size_t>(n) * height, row_grain(s),
                   [&](std::size_t begin, std::size_t end, int) {
                     while (begin < end) {
                       const std::size_t image = begin / height;
                       const std::size_t last = std::min(end, (image + 1) * height);
                       body(image, static_cast<std::int64_t>(begin - image * height),
                            static_cast<std::int64_t>(last - image * height));
                       begin = last;
                     }
                   });
}

std::size_t saved_image_bytes(const PoolSize& s) {
  return static_cast<std::size_t>(s.output_height * s.output_width) * padded_channels(s) *
         (wide_index(s) ? sizeof(std::uint16_t) : sizeof(std::uint8_t));
}

}  // namespace

std::size_t max_pool_saved_bytes(const PoolSize& size, std::int64_t n) {
  return saved_image_bytes(size) * static_cast<std::size_t>(n) + 16;
}

void max_pool_forward(const PoolSize& size, std::int64_t n, bool rectify, const float* x, float* y,
                      std::byte* saved) {
  const PooledOutput to{size, rectify, y, saved};
  over_rows(size, n, [&](std::size_t image, std::int64_t first, std::int64_t last) {
    max_pool_rows(to, image, first, last, x + image * size.input_size(), 0);
  });
}

void max_pool_rows(const PooledOutput& pooled, std::size_t image, std::int64_t first, std::int64_t last,
                   const float* x, std::int64_t top) {
  const PoolSize& s = pooled.size;
  const auto height = static_cast<std::size_t>(s.output_height);
  const std::size_t at = image * height + static_cast<std::size_t>(first);
  HWY_DYNAMIC_DISPATCH(max_image)
  (s, pooled.rectify, x, top, pooled.y + at * static_cast<std::size_t>(s.output_width * s.channels),
   pooled.saved == nullptr ? nullptr : pooled.saved + at * (saved_image_bytes(s) / height), first, last);
}

std::int64_t rows_pooled_before(const PoolSize& s, std::int64_t row) {
  if (row <= 0) return 0;
  if (row >= s.input_height) return s.output_height;
  const std::int64_t past_first = row + s.pad_height - s.kernel_height;  // rows behind the first window
  return past_first < 0 ? 0 : std::min(past_first / s.stride_height + 1, s.output_height);
}

void max_pool_backward(const PoolSize& size, std::int64_t n, const float* dy, float* dx,
                       const std::byte* saved) {
  parallel_for_all(static_cast<std::size_t>(n), 1, [&](std::size_t begin, std::size_t end, int) {
    for (std::size_t image = begin; image < end; ++image) {
      HWY_DYNAMIC_DISPATCH(max_backward_image)
      (size, dy + image * size.output_size(), dx + image * size.input_size(),
       saved + image * saved_image_bytes(size));
    }
  });
}

bool has_pooled_gradient(const PoolSize& size) { return !wide_index(size); }

bool windows_overlap(const PoolSize& size) {
  return size.stride_height < size.kernel_height || size.stride_width < size.kernel_width;
}

PooledGradient pooled_gradient(const PoolSize& size, std::int64_t n, bool rectify, float* dy,
                               const std::byte* saved) {
  const auto* winners = reinterpret_cast<const std::uint8_t*>(saved);
  if (rectify) {  // else each window has a winner
    const auto pixels = static_cast<std::size_t>(n * size.output_height * size.output_width);
    parallel_for_all(pixels, parallel_grain / static_cast<std::size_t>(size.channels) + 1,
                     [&](std::size_t begin, std::size_t end, int) {
                       HWY_DYNAMIC_DISPATCH(clear_losers)(size, dy, winners, begin, end);
                     });
  }
  return {size, dy, winners};
}

void average_pool_forward(const PoolSize& size, std::int64_t n, bool count_pad, const float* x, float* y) {
  over_rows(size, n, [&](std::size_t image, std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(average_image)
    (size, count_pad, x + image * size.input_size(),
     y + image * size.output_size() + static_cast<std::size_t>(first * size.output_width * size.channels),
     first, last);
  });
}

void average_pool_backward(const PoolSize& size, std::int64_t n, bool count_pad, const float* dy, float* dx) {
  parallel_for_all(static_cast<std::size_t>(n), 1, [&](std::size_t begin, std::size_t end, int) {
    for (std::size_t image = begin; image < end; ++image) {
      HWY_DYNAMIC_DISPATCH(average_backward_image)
      (size, count_pad, dy + image * size.output_size(), dx + image * size.input_size());
    }
  });
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
