// How exact the convolutions are: the error's root mean square over that of the result, beside the definition
// in double, for normally distributed pictures, weights and gradients. Half of x is 0, as after ReLU.
//   convolution_exactness
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include "halfwave/base/random.h"
#include "halfwave/kernel/convolution.h"

namespace halfwave::kernel {
namespace {

std::size_t count(std::int64_t size) { return static_cast<std::size_t>(size); }

std::vector<float> normal_values(RandomStream& random, std::size_t size) {
  std::vector<float> values(size);
  for (float& value : values) value = random.normal();
  return values;
}

// The three passes of the definition. Weights lie as the kernels take them.
struct Exact {
  Exact(const ConvolutionSize& s, std::int64_t n, const std::vector<float>& x, const std::vector<float>& w,
        const std::vector<float>& dy_)
      : y(dy_.size()), dx(x.size()), dw(w.size()) {
    const std::size_t inputs = count(s.input_channels);
    for (std::size_t place = 0; place < count(n * s.output_height * s.output_width); ++place) {
      const auto at = static_cast<std::int64_t>(place);
      const std::int64_t image = at / (s.output_height * s.output_width);
      for (std::int64_t i = 0; i < s.kernel_height; ++i) {
        for (std::int64_t j = 0; j < s.kernel_width; ++j) {
          const std::int64_t row = at / s.output_width % s.output_height - s.pad_height + i;
          const std::int64_t column = at % s.output_width - s.pad_width + j;
          if (row < 0 || row >= s.input_height || column < 0 || column >= s.input_width) continue;
          const std::size_t pixel = count((image * s.input_height + row) * s.input_width + column) * inputs;
          for (std::size_t o = 0; o < count(s.output_channels); ++o) {
            const std::size_t out = place * count(s.output_channels) + o;
            const std::size_t tap =
                (o * count(s.kernel_height * s.kernel_width) + count(i * s.kernel_width + j)) * inputs;
            const auto gradient = static_cast<double>(dy_[out]);
            for (std::size_t c = 0; c < inputs; ++c) {
              const auto value = static_cast<double>(x[pixel + c]);
              const auto weight = static_cast<double>(w[tap + c]);
              y[out] += value * weight;
              dx[pixel + c] += gradient * weight;
              dw[tap + c] += gradient * value;
            }
          }
        }
      }
    }
  }

  std::vector<double> y, dx, dw;
};

double error(const std::vector<float>& got, const std::vector<double>& expected) {
  double differences = 0;
  double squares = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    differences += std::pow(static_cast<double>(got[i]) - expected[i], 2);
    squares += expected[i] * expected[i];
  }
  return std::sqrt(differences / squares);
}

struct Kind {
  const char* name;
  std::unique_ptr<ConvolutionForward> forward;
  std::unique_ptr<ConvolutionBackwardData> backward_data;
  std::unique_ptr<ConvolutionBackwardWeights> backward_weights;
};

std::vector<Kind> kinds(const ConvolutionSize& s) {
  std::vector<Kind> all;
  all.push_back({"direct (oneDNN)", make_onednn_forward(s), make_onednn_backward_data(s),
                 make_onednn_backward_weights(s)});
  all.push_back({"zero-skipping", make_sparse_forward(s, {}), make_sparse_backward_data(s),
                 make_sparse_x_backward_weights(s)});
  const std::pair<const char*, WinogradTile> tiles[] = {{"Winograd F(4x4, 3x3)", WinogradTile::f4x4_3x3},
                                                        {"Winograd F(6x6, 3x3)", WinogradTile::f6x6_3x3},
                                                        {"Winograd F(2x2, 5x5)", WinogradTile::f2x2_5x5},
                                                        {"Winograd F(4x4, 5x5)", WinogradTile::f4x4_5x5}};
  for (const auto& [name, tile] : tiles) {
    if (!winograd_possible(s, tile)) continue;
    all.push_back({name, make_winograd_forward(s, tile, {}), make_winograd_backward_data(s, tile),
                   make_winograd_backward_weights(s, tile)});
  }
  return all;
}

void measure(std::int64_t side, std::int64_t inputs, std::int64_t outputs, std::int64_t kernel) {
  const ConvolutionSize s{.input_height = side,
                          .input_width = side,
                          .input_channels = inputs,
                          .output_height = side,
                          .output_width = side,
                          .output_channels = outputs,
                          .kernel_height = kernel,
                          .kernel_width = kernel,
                          .pad_height = kernel / 2,
                          .pad_width = kernel / 2};
  constexpr std::int64_t n = 2;
  RandomStream random(1, RandomPurpose::test);
  std::vector<float> x = normal_values(random, n * s.input_size());
  for (float& value : x) value = std::fmax(value, 0.0F);
  const std::vector<float> w = normal_values(random, s.weight_count());
  const std::vector<float> dy = normal_values(random, n * s.output_size());
  const Exact exact(s, n, x, w, dy);
  for (const Kind& kind : kinds(s)) {
    std::vector<float> y(dy.size());
    std::vector<float> dx(x.size());
    std::vector<float> dw(w.size());
    Workspace workspace;
    kind.forward->load(w.data(), nullptr);
    kind.forward->run(n, x.data(), y.data(), {}, workspace);
    kind.backward_data->load(w.data());
    kind.backward_data->run(n, dy.data(), dx.data(), workspace);
    kind.backward_weights->run(n, x.data(), dy.data(), dw.data(), workspace);
    fmt::print("| {0}x{0}, {1} to {2}, {3}x{3} | {4} | {5:.1e} | {6:.1e} | {7:.1e} |\n", side, inputs,
               outputs, kernel, kind.name, error(y, exact.y), error(dx, exact.dx), error(dw, exact.dw));
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace halfwave::kernel

int main() try {
  fmt::print("| Picture, channels, kernel | Kernel | Forward | Backward-data | Backward-weights |\n");
  fmt::print("| --- | --- | --- | --- | --- |\n");
  halfwave::kernel::measure(32, 64, 64, 3);
  halfwave::kernel::measure(8, 256, 256, 3);
  halfwave::kernel::measure(16, 32, 32, 5);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
