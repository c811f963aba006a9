// What skipping zeros costs in a linear layer on this machine, by the time of the kernels that make all
// products: the zeros of x forward in inference (of 1 or 2 rows), and those of dy backward, beside what the
// rule for those believes (skipping_pays() of halfwave/kernel/product.h, whose constants come from here):
// below 1 it is faster.
//   linear_cost [REPEATS]     all threads; the median of so many repeats (15)
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "bench/cost.h"
#include "halfwave/kernel/product.h"

namespace halfwave::kernel {
namespace {

struct Shape {
  std::int64_t n, inputs, outputs;
};

constexpr Shape shapes[] = {{64, 9216, 128},  {16, 9216, 128},  {64, 4096, 256},   {64, 3136, 128},
                            {128, 1024, 256}, {64, 400, 120},   {16, 25088, 4096}, {1, 9216, 128},
                            {1, 400, 120},    {1, 25088, 4096}, {16, 4096, 256}};
constexpr double zero_shares[] = {0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95};

std::size_t area(std::int64_t a, std::int64_t b) { return static_cast<std::size_t>(a * b); }

void race(const Shape& shape, double zeros, int repeats) {
  const ProductSize size{shape.inputs, shape.outputs};
  const auto forward = [&](KernelChoice kernels) {
    const auto x = values(area(shape.n, shape.inputs), zeros);
    const auto w = values(area(shape.inputs, shape.outputs), 0);
    Buffer y(area(shape.n, shape.outputs));
    Workspace workspace;
    ProductForward product(size, false, kernels);
    product.load(w.data(), nullptr);
    return median_seconds(repeats, [&] { product.run(shape.n, x.data(), y.data(), {}, workspace); });
  };
  const auto x = values(area(shape.n, shape.inputs), 0);
  const auto w = values(area(shape.inputs, shape.outputs), 0);
  const auto dy = values(area(shape.n, shape.outputs), zeros);
  Buffer dx(x.size());
  Buffer dw(w.size());
  Workspace workspace;
  const double data =
      median_seconds(repeats, [&] { product_backward_data(size, shape.n, dy.data(), w.data(), dx.data()); });
  const double sparse_data = median_seconds(repeats, [&] {
    sparse_product_backward_data(size, shape.n, dy.data(), w.data(), dx.data(), workspace);
  });
  const double weights = median_seconds(
      repeats, [&] { product_backward_weights(size, shape.n, x.data(), dy.data(), dw.data()); });
  const double sparse_weights = median_seconds(repeats, [&] {
    sparse_product_backward_weights(size, shape.n, x.data(), dy.data(), dw.data(), workspace);
  });
  fmt::print("| {} to {} | {} | {:.0f} % | {:.2f} | {:.2f} | {:.2f} | {} |\n", shape.inputs, shape.outputs,
             shape.n, zeros * 100, forward(KernelChoice::sparse) / forward(KernelChoice::dense),
             sparse_data / data, sparse_weights / weights,
             skipping_pays(size, shape.n, zeros) ? "skips" : "");
  std::fflush(stdout);
}

void race_all(int repeats) {
  fmt::print("| Layer | Batch | Zeros | Forward | Backward-data | Backward-weights | Rule |\n");
  fmt::print("| --- | --- | --- | --- | --- | --- | --- |\n");
  for (const Shape& shape : shapes) {
    for (const double zeros : zero_shares) race(shape, zeros, repeats);
  }
}

}  // namespace
}  // namespace halfwave::kernel

int main(int count, char** arguments) {
  try {
    halfwave::kernel::race_all(count > 1 ? std::stoi(arguments[1]) : 15);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "linear_cost: %s\n", error.what());
    return 1;
  }
}
