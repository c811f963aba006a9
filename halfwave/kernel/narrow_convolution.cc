// Direct convolution for few channels (dilation 1, one group), where a vector of input channels would be
// mostly empty. In NHWC the kernel width x channels inputs of one kernel row lie together, so a row of the
// kernel is one run of "taps". Forward and backward-weights hold a vector of output channels a pixel;
// backward-data holds a vector of taps. The image is first copied with its padding, so that no inner loop
// meets a border.
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"
#include "halfwave/kernel/convolution.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/narrow_convolution.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/partial-inl.h"

#ifndef HALFWAVE_NARROW_COMMON
#define HALFWAVE_NARROW_COMMON
namespace halfwave::kernel {

// The geometry in floats: the padded image is `rows` x `pitch`, one kernel row is `taps` long, neighbouring
// output pixels are `step` apart.
struct NarrowSize {
  explicit NarrowSize(const ConvolutionSize& s)
      : size(s),
        taps(static_cast<std::size_t>(s.kernel_width * s.input_channels)),
        step(static_cast<std::size_t>(s.stride_width * s.input_channels)),
        rows(static_cast<std::size_t>((s.output_height - 1) * s.stride_height + s.kernel_height)),
        pitch(static_cast<std::size_t>(((s.output_width - 1) * s.stride_width + s.kernel_width) *
                                       s.input_channels)),
        kernel_rows(static_cast<std::size_t>(s.kernel_height)),
        stride(static_cast<std::size_t>(s.stride_height)),
        height(static_cast<std::size_t>(s.output_height)),
        width(static_cast<std::size_t>(s.output_width)),
        outputs(static_cast<std::size_t>(s.output_channels)),
        padded_outputs((outputs + 31) / 32 * 32),
        padded_taps((taps + 31) / 32 * 32) {}

  ConvolutionSize size;
  std::size_t taps, step, rows, pitch, kernel_rows, stride, height, width, outputs;
  std::size_t padded_outputs;  // room for whole vectors
  std::size_t padded_taps;

  // Room for the padded image and a vector read or written past its end.
  std::size_t image_room() const { return rows * pitch + 32; }
};

}  // namespace halfwave::kernel
#endif

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// As many sums as fit the registers beside the operands.
constexpr std::size_t max_sums = HWY_TARGET <= HWY_AVX3 ? 24 : 12;
// The backward pass of weights needs but one more register: its other operand comes from memory.
constexpr std::size_t max_weight_sums = HWY_TARGET <= HWY_AVX3 ? 27 : 13;

// Rows [first, last) of the padded image, from rows of x.
void copy_padded(const NarrowSize& s, const float* x, std::size_t first, std::size_t last, float* padded) {
  const auto& c = s.size;
  const auto row_floats = c.input_width * c.input_channels;
  const auto left = c.pad_width * c.input_channels;
  const auto pitch = static_cast<std::int64_t>(s.pitch);
  const std::int64_t copied = std::max<std::int64_t>(std::min(row_floats, pitch - left), 0);
  for (std::size_t row = first; row < last; ++row) {
    float* to = padded + row * s.pitch;
    const std::int64_t from = static_cast<std::int64_t>(row) - c.pad_height;
    if (from < 0 || from >= c.input_height) {
      std::fill_n(to, s.pitch, 0.0F);
      continue;
    }
    std::fill_n(to, std::min(left, pitch), 0.0F);
    std::copy_n(x + from * row_floats, copied, to + left);
    if (left + copied < pitch) std::fill(to + left + copied, to + pitch, 0.0F);
  }
}

// ---- forward: P pixels x V vectors of outputs ----

// i: vectors of sums, V to a pixel; GCC keeps them in registers from first to last only where no loop runs
// over them.
template <class D, std::size_t V, std::size_t... i>
HWY_INLINE void forward_block(const NarrowSize& s, const float* x, const float* w, const float* bias,
                              float* y, std::size_t outputs, std::index_sequence<i...>) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<D> sum[] = {hn::LoadU(d, bias + i % V * lanes)...};
  const std::size_t four = 4 * s.step;
  for (std::size_t row = 0; row < s.kernel_rows; ++row) {
    const float* tap = x + row * s.pitch;
    for (std::size_t t = 0; t < s.taps; ++t, ++tap, w += s.padded_outputs) {
      ((sum[i] = hn::MulAdd(hn::Set(d, (tap + i / V / 4 * four)[i / V % 4 * s.step]),
                            hn::LoadU(d, w + i % V * lanes), sum[i])),
       ...);
    }
  }
  (store_first(sum[i], d, y + i / V * s.outputs + i % V * lanes, outputs - std::min(outputs, i % V * lanes)),
   ...);
}

template <class D, std::size_t V, std::size_t P>
void forward_block(const NarrowSize& s, const float* x, const float* w, const float* bias, float* y,
                   std::size_t outputs) {
  forward_block<D, V>(s, x, w, bias, y, outputs, std::make_index_sequence<P * V>());
}

using ForwardBlock = void (*)(const NarrowSize&, const float*, const float*, const float*, float*,
                              std::size_t);

template <class D, std::size_t V, std::size_t... P>
ForwardBlock forward_block_of(std::size_t pixels, std::index_sequence<P...>) {
  static constexpr ForwardBlock table[] = {&forward_block<D, V, P + 1>...};
  return table[pixels - 1];
}

template <class D, std::size_t V>
void forward_rows(const NarrowSize& s, const float* padded, const float* w, const float* bias,
                  std::size_t first, std::size_t last, float* y) {
  constexpr std::size_t most = max_sums / V < 12 ? max_sums / V : 12;
  const std::size_t blocks = (s.width + most - 1) / most;
  const std::size_t pixels = (s.width + blocks - 1) / blocks;
  const ForwardBlock block = forward_block_of<D, V>(pixels, std::make_index_sequence<most>());
  const std::size_t group = V * hn::Lanes(D());
  for (std::size_t o = 0; o < s.outputs; o += group) {
    for (std::size_t row = first; row < last; ++row) {
      for (std::size_t q = 0; q < s.width; q += pixels) {
        // The last block steps back so as to be whole; what it makes twice is the same.
        const std::size_t at = std::min(q, s.width - pixels);
        block(s, padded + row * s.stride * s.pitch + at * s.step, w + o, bias + o,
              y + (row * s.width + at) * s.outputs + o, std::min(group, s.outputs - o));
      }
    }
  }
}

void forward_image(const NarrowSize& s, const float* padded, const float* w, const float* bias,
                   std::size_t first, std::size_t last, float* y) {
  using Wide = hn::ScalableTag<float>;
  using Narrow = hn::CappedTag<float, 8>;
  if (s.outputs <= 8) {
    forward_rows<Narrow, 1>(s, padded, w, bias, first, last, y);
  } else if (s.outputs <= hn::Lanes(Wide())) {
    forward_rows<Wide, 1>(s, padded, w, bias, first, last, y);
  } else {
    forward_rows<Wide, 2>(s, padded, w, bias, first, last, y);
  }
}

// ---- backward-weights: R kernel rows x T taps x V vectors of outputs ----

template <class D, std::size_t V, std::size_t R, std::size_t T>
HWY_INLINE void weights_block(const NarrowSize& s, const float* x, const float* dy, float* dw,
                              std::size_t outputs) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<D> sum[R][T][V];
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t t = 0; t < T; ++t) {
      for (std::size_t v = 0; v < V; ++v) sum[r][t][v] = hn::Zero(d);
    }
  }
  const bool whole = outputs >= V * lanes;
  for (std::size_t row = 0; row < s.height; ++row) {
    const float* from = x + row * s.stride * s.pitch;
    for (std::size_t q = 0; q < s.width; ++q, from += s.step, dy += s.outputs) {
      hn::Vec<D> gradient[V];
      for (std::size_t v = 0; v < V; ++v) {
        const std::size_t at = v * lanes;
        gradient[v] = whole ? hn::LoadU(d, dy + at) : load_first(d, dy + at, outputs - std::min(outputs, at));
      }
      for (std::size_t r = 0; r < R; ++r) {
        for (std::size_t t = 0; t < T; ++t) {
          const auto value = hn::Set(d, from[r * s.pitch + t]);
          for (std::size_t v = 0; v < V; ++v) sum[r][t][v] = hn::MulAdd(value, gradient[v], sum[r][t][v]);
        }
      }
    }
  }
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t t = 0; t < T; ++t) {
      for (std::size_t v = 0; v < V; ++v) {
        float* to = dw + (r * s.taps + t) * s.padded_outputs + v * lanes;
        hn::StoreU(hn::Add(hn::LoadU(d, to), sum[r][t][v]), d, to);
      }
    }
  }
}

using WeightsBlock = void (*)(const NarrowSize&, const float*, const float*, float*, std::size_t);

template <class D, std::size_t V, std::size_t R, std::size_t... T>
WeightsBlock weights_block_of(std::size_t taps, std::index_sequence<T...>) {
  static constexpr WeightsBlock table[] = {&weights_block<D, V, R, T + 1>...};
  return table[taps - 1];
}

// All taps of R kernel rows from `row` on.
template <class D, std::size_t V, std::size_t R>
void weights_rows(const NarrowSize& s, const float* padded, const float* dy, float* dw, std::size_t row,
                  std::size_t o) {
  constexpr std::size_t most = std::min<std::size_t>(max_weight_sums / V / R, 12);
  const std::size_t blocks = (s.taps + most - 1) / most;
  const std::size_t width = (s.taps + blocks - 1) / blocks;
  for (std::size_t t = 0; t < s.taps; t += width) {
    const auto block =
        weights_block_of<D, V, R>(std::min(width, s.taps - t), std::make_index_sequence<most>());
    block(s, padded + row * s.pitch + t, dy + o, dw + (row * s.taps + t) * s.padded_outputs + o,
          std::min(V * hn::Lanes(D()), s.outputs - o));
  }
}

template <class D, std::size_t V>
void weights_outputs(const NarrowSize& s, const float* padded, const float* dy, float* dw) {
  // Few taps a row: several kernel rows together, for enough independent sums and fewer readings of dy.
  const std::size_t together =
      std::min<std::size_t>(max_weight_sums / V / std::min<std::size_t>(s.taps, 12), 5);
  for (std::size_t o = 0; o < s.outputs; o += V * hn::Lanes(D())) {
    for (std::size_t row = 0; row < s.kernel_rows;) {
      const std::size_t rows =
          std::clamp<std::size_t>(s.kernel_rows - row, 1, std::max<std::size_t>(together, 1));
      switch (rows) {
        case 5:
          weights_rows<D, V, 5>(s, padded, dy, dw, row, o);
          break;
        case 4:
          weights_rows<D, V, 4>(s, padded, dy, dw, row, o);
          break;
        case 3:
          weights_rows<D, V, 3>(s, padded, dy, dw, row, o);
          break;
        case 2:
          weights_rows<D, V, 2>(s, padded, dy, dw, row, o);
          break;
        default:
          weights_rows<D, V, 1>(s, padded, dy, dw, row, o);
      }
      row += rows;
    }
  }
}

void weights_image(const NarrowSize& s, const float* padded, const float* dy, float* dw) {
  using Wide = hn::ScalableTag<float>;
  using Narrow = hn::CappedTag<float, 8>;
  if (s.outputs <= 8) {
    weights_outputs<Narrow, 1>(s, padded, dy, dw);
  } else if (s.outputs <= hn::Lanes(Wide())) {
    weights_outputs<Wide, 1>(s, padded, dy, dw);
  } else {
    weights_outputs<Wide, 2>(s, padded, dy, dw);
  }
}

// ---- backward-data: P output rows x V vectors of taps ----

// Pixels above one another: their windows are whole rows apart, so that one addition seldom waits for
// another.
template <class D, std::size_t V, std::size_t... i>
HWY_INLINE void data_block(const NarrowSize& s, const float* dy, const float* w, float* dx, std::size_t taps,
                           std::index_sequence<i...>) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t down = s.width * s.outputs;
  hn::Vec<D> sum[] = {(static_cast<void>(i), hn::Zero(d))...};
  for (std::size_t o = 0; o < s.outputs; ++o, w += s.padded_taps) {
    ((sum[i] = hn::MulAdd(hn::Set(d, dy[i / V * down + o]), hn::LoadU(d, w + i % V * lanes), sum[i])), ...);
  }
  const auto add = [&](hn::Vec<D> value, std::size_t row, std::size_t at) HWY_ATTR {
    float* to = dx + row * s.stride * s.pitch + at;
    // Past the taps the weights are 0, but 0 times an infinite gradient is not.
    const auto part = hn::IfThenElseZero(hn::FirstN(d, taps - std::min(taps, at)), value);
    hn::StoreU(hn::Add(hn::LoadU(d, to), part), d, to);
  };
  (add(sum[i], i / V, i % V * lanes), ...);
}

template <class D, std::size_t V, std::size_t P>
void data_block(const NarrowSize& s, const float* dy, const float* w, float* dx, std::size_t taps) {
  data_block<D, V>(s, dy, w, dx, taps, std::make_index_sequence<P * V>());
}

using DataBlock = void (*)(const NarrowSize&, const float*, const float*, float*, std::size_t);

template <class D, std::size_t V, std::size_t... P>
DataBlock data_block_of(std::size_t rows, std::index_sequence<P...>) {
  static constexpr DataBlock table[] = {&data_block<D, V, P + 1>...};
  return table[rows - 1];
}

// dx, the padded image, is added to.
void data_image(const NarrowSize& s, const float* dy, const float* w, float* dx) {
  using D = hn::ScalableTag<float>;
  constexpr std::size_t vectors = 2;
  constexpr std::size_t most = 6;
  const std::size_t group = vectors * hn::Lanes(D());
  const std::size_t blocks = (s.height + most - 1) / most;
  const std::size_t together = (s.height + blocks - 1) / blocks;
  for (std::size_t t = 0; t < s.taps; t += group) {
    for (std::size_t q = 0; q < s.width; ++q) {
      for (std::size_t row = 0; row < s.height; row += together) {
        const auto block =
            data_block_of<D, vectors>(std::min(together, s.height - row), std::make_index_sequence<most>());
        for (std::size_t r = 0; r < s.kernel_rows; ++r) {
          block(s, dy + (row * s.width + q) * s.outputs, w + r * s.outputs * s.padded_taps + t,
                dx + (row * s.stride + r) * s.pitch + q * s.step + t, std::min(group, s.taps - t));
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

HWY_EXPORT(copy_padded);
HWY_EXPORT(forward_image);
HWY_EXPORT(weights_image);
HWY_EXPORT(data_image);

class NarrowForward final : public ConvolutionForward {
 public:
  explicit NarrowForward(const ConvolutionSize& size)
      : size_(size),
        // Past the last row's outputs a whole vector is read.
        weights_(size_.kernel_rows * size_.taps * size_.padded_outputs + 32),
        bias_(size_.padded_outputs + 32) {}

  const char* name() const override { return "narrow"; }

  void load(const float* w, const float* b) override {
    const std::size_t all_taps = size_.kernel_rows * size_.taps;
    for (std::size_t o = 0; o < size_.outputs; ++o) {
      for (std::size_t t = 0; t < all_taps; ++t) weights_[t * size_.padded_outputs + o] = w[o * all_taps + t];
      bias_[o] = b != nullptr ? b[o] : 0;
    }
  }

  void run(std::int64_t n, const float* x, float* y, const Epilogue& epilogue,
           Workspace& workspace) override {
    const std::size_t room = size_.image_room();
    const ThreadMemory scratch = workspace.floats_by_thread(room, static_cast<std::size_t>(thread_count()));
    const std::size_t row_work = size_.width * size_.outputs * size_.kernel_rows * size_.taps;
    const std::size_t grain = std::max<std::size_t>(std::size_t{1 << 17} / row_work, 1);
    parallel_for_all(static_cast<std::size_t>(n) * size_.height, grain,
                     [&](std::size_t begin, std::size_t end, int thread) {
                       float* padded = scratch.floats(thread);
                       while (begin < end) {
                         const std::size_t image = begin / size_.height;
                         const std::size_t first = begin - image * size_.height;
                         const std::size_t last = std::min(end - image * size_.height, size_.height);
                         const std::size_t output = size_.size.output_size();
                         HWY_DYNAMIC_DISPATCH(copy_padded)
                         (size_, x + image * size_.size.input_size(), first * size_.stride,
                          (last - 1) * size_.stride + size_.kernel_rows, padded);
                         HWY_DYNAMIC_DISPATCH(forward_image)
                         (size_, padded, weights_.data(), bias_.data(), first, last, y + image * output);
                         epilogue(y + image * output + first * size_.width * size_.outputs,
                                  (last - first) * size_.width * size_.outputs);
                         begin = image * size_.height + last;
                       }
                     });
  }

 private:
  NarrowSize size_;
  std::vector<float> weights_;  // kernel rows x taps x outputs
  std::vector<float> bias_;
};

class NarrowBackwardData final : public ConvolutionBackwardData {
 public:
  explicit NarrowBackwardData(const ConvolutionSize& size)
      : size_(size), weights_(size_.kernel_rows * size_.outputs * size_.padded_taps + 32) {}

  const char* name() const override { return "narrow"; }

  void load(const float* w) override {
    for (std::size_t o = 0; o < size_.outputs; ++o) {
      for (std::size_t r = 0; r < size_.kernel_rows; ++r) {
        std::copy_n(w + (o * size_.kernel_rows + r) * size_.taps, size_.taps,
                    weights_.data() + (r * size_.outputs + o) * size_.padded_taps);
      }
    }
  }

  void run(std::int64_t n, const float* dy, float* dx, Workspace& workspace) override {
    const std::size_t room = size_.image_room();
    const ThreadMemory scratch = workspace.floats_by_thread(room, static_cast<std::size_t>(thread_count()));
    parallel_for_all(static_cast<std::size_t>(n), 1, [&](std::size_t begin, std::size_t end, int thread) {
      float* padded = scratch.floats(thread);
      for (std::size_t image = begin; image < end; ++image) {
        std::fill_n(padded, room, 0.0F);
        HWY_DYNAMIC_DISPATCH(data_image)
        (size_, dy + image * size_.size.output_size(), weights_.data(), padded);
        unpad(padded, dx + image * size_.size.input_size());
      }
    });
  }

 private:
  void unpad(const float* padded, float* dx) const {
    const auto& s = size_.size;
    const auto row_floats = s.input_width * s.input_channels;
    const auto left = s.pad_width * s.input_channels;
    const auto copied =
        std::max<std::int64_t>(std::min(row_floats, static_cast<std::int64_t>(size_.pitch) - left), 0);
    for (std::int64_t row = 0; row < s.input_height; ++row) {
      float* to = dx + row * row_floats;
      const auto from = static_cast<std::size_t>(row + s.pad_height);
      const std::int64_t reached = from < size_.rows ? copied : 0;  // inputs that no window covers
      if (reached > 0) std::copy_n(padded + from * size_.pitch + left, reached, to);
      std::fill(to + reached, to + row_floats, 0.0F);
    }
  }

  NarrowSize size_;
  std::vector<float> weights_;  // kernel rows x outputs x taps
};

class NarrowBackwardWeights final : public ConvolutionBackwardWeights {
 public:
  explicit NarrowBackwardWeights(const ConvolutionSize& size) : size_(size) {}

  const char* name() const override { return "narrow"; }

  void run(std::int64_t n, const float* x, const float* dy, float* dw, Workspace& workspace) override {
    const std::size_t all_taps = size_.kernel_rows * size_.taps;
    const std::size_t sums = all_taps * size_.padded_outputs + 32;
    const std::size_t room = size_.image_room();
    const auto threads = static_cast<std::size_t>(thread_count());
    const ThreadMemory scratch = workspace.floats_by_thread(sums + room, threads);
    for (std::size_t thread = 0; thread < threads; ++thread)
      std::fill_n(scratch.floats(thread), sums + room, 0.0F);
    parallel_for(static_cast<std::size_t>(n), 1, [&](std::size_t begin, std::size_t end, int thread) {
      float* partial = scratch.floats(thread);
      float* padded = partial + sums;
      for (std::size_t image = begin; image < end; ++image) {
        const float* gradient = dy + image * size_.size.output_size();
        HWY_DYNAMIC_DISPATCH(copy_padded)
        (size_, x + image * size_.size.input_size(), 0, size_.rows, padded);
        HWY_DYNAMIC_DISPATCH(weights_image)(size_, padded, gradient, partial);
      }
    });
    for (std::size_t thread = 0; thread < threads; ++thread) {  // always in the same order
      const float* partial = scratch.floats(thread);
      for (std::size_t o = 0; o < size_.outputs; ++o) {
        for (std::size_t t = 0; t < all_taps; ++t)
          dw[o * all_taps + t] += partial[t * size_.padded_outputs + o];
      }
    }
  }

 private:
  NarrowSize size_;
};

}  // namespace

bool narrow_possible(const ConvolutionSize& s) {
  return s.groups == 1 && (s.dilation_height == 1 || s.kernel_height == 1) &&
         (s.dilation_width == 1 || s.kernel_width == 1);
}

std::unique_ptr<ConvolutionForward> make_narrow_forward(const ConvolutionSize& size) {
  return std::make_unique<NarrowForward>(size);
}

std::unique_ptr<ConvolutionBackwardData> make_narrow_backward_data(const ConvolutionSize& size) {
  return std::make_unique<NarrowBackwardData>(size);
}

std::unique_ptr<ConvolutionBackwardWeights> make_narrow_backward_weights(const ConvolutionSize& size) {
  return std::make_unique<NarrowBackwardWeights>(size);
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
