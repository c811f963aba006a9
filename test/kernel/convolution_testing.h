// Convolution by the definition, in double, and a range of shapes.
#pragma once

#include <fmt/format.h>

#include "halfwave/kernel/convolution.h"
#include "kernel_testing.h"

namespace halfwave::kernel {

inline std::string text_of(const ConvolutionSize& s) {
  return fmt::format("{}x{}x{} to {}x{}x{}, kernel {}x{}, stride {}x{}, pad {}x{}, dilation {}x{}, groups {}",
                     s.input_height, s.input_width, s.input_channels, s.output_height, s.output_width,
                     s.output_channels, s.kernel_height, s.kernel_width, s.stride_height, s.stride_width,
                     s.pad_height, s.pad_width, s.dilation_height, s.dilation_width, s.groups);
}

// Gives the output its size. False where the kernel does not fit.
inline bool fit(ConvolutionSize& s) {
  const auto side = [](std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                       std::int64_t dilation) {
    const std::int64_t room = input + 2 * pad - dilation * (kernel - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
  };
  s.output_height = side(s.input_height, s.kernel_height, s.stride_height, s.pad_height, s.dilation_height);
  s.output_width = side(s.input_width, s.kernel_width, s.stride_width, s.pad_width, s.dilation_width);
  return s.output_height > 0 && s.output_width > 0;
}

// A sum of products and the sum of their magnitudes: a float sum of n products in any order, fused or not, is
// within (n + 1) 2^-24 of the magnitudes (Higham 2002, section 3.1, to first order).
struct Sums {
  explicit Sums(std::size_t count) : value(count), magnitude(count), terms(count) {}

  void add(std::size_t i, double product) {
    value[i] += product;
    magnitude[i] += std::abs(product);
    terms[i] += 1;
  }
  // The sum comes on top of `start`; one more rounding each for a bias, for partial sums of two threads, for
  // the second order.
  std::vector<double> bound(std::span<const float> start = {}) const {
    std::vector<double> result;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const double before = start.empty() ? 0 : std::abs(static_cast<double>(start[i]));
      result.push_back((terms[i] + 4) * rounding * (magnitude[i] + before));
    }
    return result;
  }

  std::vector<double> value, magnitude, terms;
};

// What the definition gives for all three passes. With `padding` what lies outside the image is multiplied as
// a 0, which makes a NaN of an infinite weight or gradient; else it is left out.
struct NaiveConvolution {
  NaiveConvolution(const ConvolutionSize& s, std::int64_t n, std::span<const float> x,
                   std::span<const float> w, std::span<const float> b, std::span<const float> dy,
                   bool padding = false)
      : y(static_cast<std::size_t>(n) * s.output_size()),
        dx(static_cast<std::size_t>(n) * s.input_size()),
        dw(s.weight_count()) {
    const std::int64_t inputs = s.input_channels / s.groups;
    const std::int64_t outputs = s.output_channels / s.groups;
    const auto index = [](std::int64_t i) { return static_cast<std::size_t>(i); };
    for (std::int64_t place = 0; place < n * s.output_height * s.output_width; ++place) {
      const std::int64_t image = place / (s.output_height * s.output_width);
      const std::int64_t top = place / s.output_width % s.output_height * s.stride_height - s.pad_height;
      const std::int64_t left = place % s.output_width * s.stride_width - s.pad_width;
      for (std::int64_t o = 0; o < s.output_channels; ++o) {
        const std::size_t out = index(place * s.output_channels + o);
        const auto gradient = static_cast<double>(dy[out]);
        y.add(out, b.empty() ? 0.0 : static_cast<double>(b[index(o)]));
        for (std::int64_t i = 0; i < s.kernel_height; ++i) {
          for (std::int64_t j = 0; j < s.kernel_width; ++j) {
            const std::int64_t row = top + i * s.dilation_height;
            const std::int64_t column = left + j * s.dilation_width;
            const bool inside = row >= 0 && row < s.input_height && column >= 0 && column < s.input_width;
            if (!inside && !padding) continue;
            for (std::int64_t c = 0; c < inputs; ++c) {
              const std::size_t weight = index(((o * s.kernel_height + i) * s.kernel_width + j) * inputs + c);
              const auto factor = static_cast<double>(w[weight]);
              double value = 0;
              if (inside) {
                const std::size_t in =
                    index(((image * s.input_height + row) * s.input_width + column) * s.input_channels +
                          o / outputs * inputs + c);
                value = static_cast<double>(x[in]);
                dx.add(in, factor * gradient);
              }
              y.add(out, value * factor);
              dw.add(weight, value * gradient);
            }
          }
        }
      }
    }
  }

  Sums y, dx, dw;
};

// The makers of one implementation.
struct Implementation {
  const char* name;
  std::unique_ptr<ConvolutionForward> (*forward)(const ConvolutionSize&);
  std::unique_ptr<ConvolutionBackwardData> (*backward_data)(const ConvolutionSize&);
  std::unique_ptr<ConvolutionBackwardWeights> (*backward_weights)(const ConvolutionSize&);
};

inline constexpr Implementation onednn{"onednn",
                                       [](const ConvolutionSize& size) { return make_onednn_forward(size); },
                                       &make_onednn_backward_data, &make_onednn_backward_weights};
inline constexpr Implementation narrow{"narrow", &make_narrow_forward, &make_narrow_backward_data,
                                       &make_narrow_backward_weights};
// Packed weights kept or not.
inline std::unique_ptr<ConvolutionForward> make_either_sparse_forward(const ConvolutionSize& size) {
  return make_sparse_forward(size, {.training = size.input_width % 2 == 0});
}
inline constexpr Implementation zero_skipping{"sparse", &make_either_sparse_forward,
                                              &make_sparse_backward_data, &make_sparse_dy_backward_weights};
// With the zeros of x in backward-weights: stride 1.
inline constexpr Implementation skipping_x{"skipping x", &make_either_sparse_forward,
                                           &make_sparse_backward_data, &make_sparse_x_backward_weights};

// Their bound holds where the products are those of the definition.
template <KernelChoice kernels>
constexpr Implementation chosen(const char* name) {
  return {name,
          [](const ConvolutionSize& size) { return make_convolution_forward(size, {.kernels = kernels}); },
          [](const ConvolutionSize& size) {
            return make_convolution_backward_data(size, {.training = true, .kernels = kernels});
          },
          [](const ConvolutionSize& size) {
            return make_convolution_backward_weights(size, {.training = true, .kernels = kernels});
          }};
}
inline constexpr Implementation dense = chosen<KernelChoice::dense>("dense");
inline constexpr Implementation exact = chosen<KernelChoice::exact>("exact");

// Those for every instruction set that can do a shape.
inline std::vector<Implementation> own_implementations(const ConvolutionSize& size) {
  if (!narrow_possible(size)) return {};
  if (size.stride_height != 1 || size.stride_width != 1) return {narrow, zero_skipping};
  return {narrow, zero_skipping, skipping_x};
}

inline std::vector<Implementation> implementations(const ConvolutionSize& size) {
  std::vector<Implementation> all = own_implementations(size);
  if (onednn_backward_weights_possible(size)) all.push_back(onednn);
  all.push_back(dense);
  all.push_back(exact);
  return all;
}

// With so large a share of zeros, of either sign, as ReLU and max-pool make them.
inline void make_zeros(RandomStream& random, double share, std::vector<float>& values) {
  for (float& value : values) {
    if (random.uniform() < share) value = random.below(2) == 0 ? 0.0F : -0.0F;
  }
}

// Random inputs of all passes.
struct ConvolutionCase {
  ConvolutionCase(const ConvolutionSize& s, std::int64_t batch, std::uint64_t seed) : size(s), n(batch) {
    RandomStream random = random_of(seed);
    const auto count = static_cast<std::size_t>(batch);
    x = normal_values(random, count * s.input_size());
    w = normal_values(random, s.weight_count());
    b = normal_values(random, static_cast<std::size_t>(s.output_channels));
    dy = normal_values(random, count * s.output_size());
    dw = normal_values(random, w.size());
    constexpr double shares[] = {0, 0.5, 0.9, 1};
    make_zeros(random, shares[seed % 4], x);
    make_zeros(random, shares[seed / 4 % 4], dy);
  }

  ConvolutionSize size;
  std::int64_t n;
  std::vector<float> x, w, b, dy;
  std::vector<float> dw;  // what is there before
};

// What all passes of an implementation give.
struct ConvolutionResult {
  std::vector<float> y, dx, dw;

  bool operator==(const ConvolutionResult& other) const {
    return bits(y) == bits(other.y) && bits(dx) == bits(other.dx) && bits(dw) == bits(other.dw);
  }
};

// Runs all passes in buffers whose neighbours must not be touched.
inline ConvolutionResult run(const Implementation& implementation, const ConvolutionCase& c, Edge edge,
                             bool bias = true, const Epilogue& epilogue = {}) {
  const Guarded<float> x(c.x, edge);
  const Guarded<float> w(c.w, edge);
  const Guarded<float> b(c.b, edge);
  const Guarded<float> dy(c.dy, edge);
  Guarded<float> y(c.dy.size(), edge);
  Guarded<float> dx(c.x.size(), edge);
  Guarded<float> dw(c.dw, edge);
  Workspace workspace;
  const auto forward = implementation.forward(c.size);
  forward->load(w.data(), bias ? b.data() : nullptr);
  forward->run(c.n, x.data(), y.data(), epilogue, workspace);
  const auto data = implementation.backward_data(c.size);
  data->load(w.data());
  data->run(c.n, dy.data(), dx.data(), workspace);
  const auto weights = implementation.backward_weights(c.size);
  weights->run(c.n, x.data(), dy.data(), dw.data(), workspace);
  return {y.values(), dx.values(), dw.values()};
}

}  // namespace halfwave::kernel
