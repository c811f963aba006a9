// What each way of computing a convolution costs on this machine, beside what the rule that chooses between
// them believes (halfwave/kernel/convolution_cost.h, whose constants come from here): the time in
// multiply-adds at the machine's limit, over those of the definition. 0.25 is four times the limit. In the
// end how far off the rule is, and how much longer what it chooses takes than the fastest.
//   convolution_cost [--repeats 7] [--threads 2] [--target AVX2]     training, batches of 64; medians
//   convolution_cost --infer 1                                       inference, batches of 1
// In inference several kernels with weights of their own run in turn, so that weights come from where they
// are in a net: not from the second-level cache.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bench/cost.h"
#include "bench/targets.h"
#include "halfwave/base/parallel.h"
#include "halfwave/kernel/convolution.h"
#include "halfwave/kernel/convolution_cost.h"
#include "halfwave/kernel/multiply_add_limit.h"
#include "halfwave/kernel/vector_lanes.h"

namespace halfwave::kernel {
namespace {

struct Shape {
  const char* where;
  std::int64_t side, inputs, outputs, kernel, pad, stride = 1;

  ConvolutionSize size() const {
    const std::int64_t output = (side + 2 * pad - kernel) / stride + 1;
    return {.input_height = side,
            .input_width = side,
            .input_channels = inputs,
            .output_height = output,
            .output_width = output,
            .output_channels = outputs,
            .kernel_height = kernel,
            .kernel_width = kernel,
            .stride_height = stride,
            .stride_width = stride,
            .pad_height = pad,
            .pad_width = pad};
  }
};

// The convolutions of the built-in nets.
constexpr Shape shapes[] = {{"lenet5", 28, 1, 6, 5, 2},         {"lenet5", 14, 6, 16, 5, 0},
                            {"mnist-example", 28, 1, 32, 3, 0}, {"mnist-example", 26, 32, 64, 3, 0},
                            {"cifar-quick", 32, 3, 32, 5, 2},   {"cifar-quick", 16, 32, 32, 5, 2},
                            {"cifar-quick", 8, 32, 64, 5, 2},   {"vgg-small", 32, 3, 64, 3, 1},
                            {"vgg-small", 32, 64, 64, 3, 1},    {"vgg-small", 16, 64, 128, 3, 1},
                            {"vgg-small", 16, 128, 128, 3, 1},  {"vgg-small", 8, 256, 256, 3, 1},
                            {"resnet20", 32, 16, 16, 3, 1},     {"resnet20", 32, 16, 32, 3, 1, 2},
                            {"resnet20", 16, 32, 32, 3, 1},     {"resnet20", 16, 32, 64, 3, 1, 2},
                            {"resnet20", 8, 64, 64, 3, 1},      {"resnet20", 32, 16, 32, 1, 0, 2}};

// Of resnet18 with pictures of 224x224 and 112x112, whose weights come from memory: in inference as well.
constexpr Shape large_shapes[] = {
    {"resnet18", 56, 64, 64, 3, 1},   {"resnet18", 28, 64, 64, 3, 1},   {"resnet18", 28, 64, 128, 3, 1, 2},
    {"resnet18", 28, 128, 128, 3, 1}, {"resnet18", 14, 128, 128, 3, 1}, {"resnet18", 14, 128, 256, 3, 1, 2},
    {"resnet18", 14, 256, 256, 3, 1}, {"resnet18", 7, 256, 256, 3, 1},  {"resnet18", 7, 256, 512, 3, 1, 2},
    {"resnet18", 7, 512, 512, 3, 1},  {"resnet18", 4, 512, 512, 3, 1},  {"resnet18", 14, 128, 256, 1, 0, 2}};

constexpr double zero_shares[] = {0, 0.3, 0.5, 0.7, 0.85, 0.95};

// A way to compute a pass.
struct Way {
  std::string kernel;
  double zeros;  // to skip
  double measured, believed;

  // Whether it can be taken at this share of zeros, by its figures here.
  bool stands_for(double share) const { return !kernel.starts_with("skips") || zeros == share; }
};

// What the rule is worth, over all races.
class Summary {
 public:
  // All ways of one pass of one layer.
  void add(const std::string& pass, const std::vector<Way>& ways) {
    for (const Way& way : ways) differences_[way.kernel].push_back(way.believed / way.measured - 1);
    for (const double zeros : zero_shares) {
      const auto wins = [&](double Way::*cost) {
        const Way* best = nullptr;
        for (const Way& way : ways) {
          if (way.stands_for(zeros) && (best == nullptr || way.*cost < best->*cost)) best = &way;
        }
        return best;
      };
      longer_[pass].push_back(wins(&Way::believed)->measured / wins(&Way::measured)->measured);
    }
  }

  void print() const {
    fmt::print("\n| Kernel | Believed by measured: root mean square of the difference |\n| --- | --- |\n");
    for (const auto& [kernel, differences] : differences_) {
      double sum = 0;
      for (const double difference : differences) sum += difference * difference;
      fmt::print("| {} | {:.0f} % |\n", kernel,
                 100 * std::sqrt(sum / static_cast<double>(differences.size())));
    }
    fmt::print(
        "\n| Pass | Choices | The fastest | Time by that of the fastest: mean | longest |\n"
        "| --- | --- | --- | --- | --- |\n");
    for (const auto& [pass, longer] : longer_) {
      double sum = 0;
      for (const double ratio : longer) sum += ratio;
      fmt::print("| {} | {} | {} | {:.3f} | {:.2f} |\n", pass, longer.size(), std::ranges::count(longer, 1.0),
                 sum / static_cast<double>(longer.size()), std::ranges::max(longer));
    }
  }

 private:
  std::map<std::string, std::vector<double>> differences_;  // by kernel
  std::map<std::string, std::vector<double>> longer_;       // by pass: what is chosen by the fastest
};

class Race {
 public:
  Race(const Shape& shape, int repeats, double limit, const ConvolutionUse& use)
      : shape_(shape), size_(shape.size()), repeats_(repeats), limit_(limit), use_(use) {}

  void run(Summary& summary) {
    ConvolutionUse dense = use_;
    dense.kernels = KernelChoice::dense;
    const auto n = static_cast<std::size_t>(use_.batch);
    const auto w = values(size_.weight_count(), 0);
    Buffer y(n * size_.output_size());
    Buffer dx(n * size_.input_size());
    Buffer dw(w.size());
    std::map<std::string, std::vector<Way>> ways;
    const auto row = [&](const char* pass, const std::string& kernel, double zeros, double model,
                         const std::function<void()>& work) {
      const double products = product_count(size_);
      const double cost = median_seconds(repeats_, work) * limit_ / 2 / static_cast<double>(n);
      fmt::print("| {} | {}x{}, {} to {}, {}x{} by {} | {} | {} | {:.0f} % | {:.3f} | {:.3f} |\n",
                 shape_.where, shape_.side, shape_.side, shape_.inputs, shape_.outputs, shape_.kernel,
                 shape_.kernel, shape_.stride, pass, kernel, zeros * 100, cost / products, model / products);
      std::fflush(stdout);
      ways[pass].push_back({kernel, zeros, cost, model});
    };
    const auto forward = [&](const std::function<std::unique_ptr<ConvolutionForward>()>& make, double zeros,
                             double model, const char* name) {
      const auto x = values(n * size_.input_size(), zeros);
      std::vector<std::unique_ptr<ConvolutionForward>> kernels(forward_kernels());
      for (auto& kernel : kernels) {
        kernel = make();
        kernel->load(w.data(), nullptr);
        kernel->run(use_.batch, x.data(), y.data(), {}, workspace_);
      }
      std::size_t next = 0;
      row("forward", name, zeros, model, [&] {
        kernels[next]->run(use_.batch, x.data(), y.data(), {}, workspace_);
        next = (next + 1) % kernels.size();
      });
    };
    const auto data = [&](ConvolutionBackwardData& kernel, double zeros, double model, const char* name) {
      const auto dy = values(n * size_.output_size(), zeros);
      kernel.load(w.data());
      row("backward-data", name, zeros, model,
          [&] { kernel.run(use_.batch, dy.data(), dx.data(), workspace_); });
    };
    const auto weights = [&](ConvolutionBackwardWeights& kernel, double x_zeros, double dy_zeros,
                             double model, const char* name) {
      const auto x = values(n * size_.input_size(), x_zeros);
      const auto dy = values(n * size_.output_size(), dy_zeros);
      row("backward-weights", name, std::max(x_zeros, dy_zeros), model,
          [&] { kernel.run(use_.batch, x.data(), dy.data(), dw.data(), workspace_); });
    };
    const std::size_t lanes = vector_lanes();
    const auto direct = [&](ConvolutionPass pass) { return direct_cost(size_, pass, dense, lanes); };
    forward([&] { return make_convolution_forward(size_, dense); }, 0, direct(ConvolutionPass::forward),
            "direct");
    if (use_.training) {
      data(*make_convolution_backward_data(size_, dense), 0, direct(ConvolutionPass::backward_data),
           "direct");
      weights(*make_convolution_backward_weights(size_, dense), 0, 0,
              direct(ConvolutionPass::backward_weights), "direct");
    }
    for (const WinogradTile tile :
         {WinogradTile::f4x4_3x3, WinogradTile::f6x6_3x3, WinogradTile::f2x2_5x5, WinogradTile::f4x4_5x5}) {
      if (!winograd_possible(size_, tile)) continue;
      const auto model = [&](ConvolutionPass pass) { return winograd_cost(size_, tile, pass, use_, lanes); };
      constexpr const char* names[] = {"F(4x4, 3x3)", "F(6x6, 3x3)", "F(2x2, 5x5)", "F(4x4, 5x5)"};
      const char* name = names[static_cast<std::size_t>(tile)];
      forward([&] { return make_winograd_forward(size_, tile, use_); }, 0, model(ConvolutionPass::forward),
              name);
      if (!use_.training) continue;
      data(*make_winograd_backward_data(size_, tile), 0, model(ConvolutionPass::backward_data), name);
      weights(*make_winograd_backward_weights(size_, tile), 0, 0, model(ConvolutionPass::backward_weights),
              name);
    }
    for (const double zeros : zero_shares) {
      forward([&] { return make_sparse_forward(size_, use_); }, zeros,
              scatter_cost(size_, true, use_, lanes).at(zeros), "skips x");
      if (!use_.training) continue;
      data(*make_sparse_backward_data(size_), zeros, scatter_cost(size_, false, use_, lanes).at(zeros),
           "skips dy");
      weights(*make_sparse_dy_backward_weights(size_), 0, zeros, walk_cost(size_, false, lanes).at(zeros),
              "skips dy");
      if (shape_.stride == 1)
        weights(*make_sparse_x_backward_weights(size_), zeros, 0, walk_cost(size_, true, lanes).at(zeros),
                "skips x");
    }
    for (const auto& [pass, all] : ways) summary.add(pass, all);
  }

 private:
  std::size_t forward_kernels() const {
    if (use_.training) return 1;
    const std::size_t most = std::max(use_.net_weights, std::size_t{1} << 20);
    return std::clamp<std::size_t>(most / size_.weight_count(), 1, 64);
  }

  const Shape& shape_;
  ConvolutionSize size_;
  int repeats_;
  double limit_;  // operations a second
  ConvolutionUse use_;
  Workspace workspace_;
};

}  // namespace
}  // namespace halfwave::kernel

int main(int count, char** arguments) try {
  using namespace halfwave::kernel;
  int repeats = 7;
  int threads = halfwave::thread_count();
  std::string target;
  std::int64_t infer = 0;
  CLI::App app("What each way of computing a convolution costs", "convolution_cost");
  app.add_option("--repeats", repeats);
  app.add_option("--threads", threads);
  app.add_option("--target", target, "Instruction set, as in AVX2: for machines that have no more");
  app.add_option("--infer", infer, "Inference, forward passes over batches of so many");
  CLI11_PARSE(app, count, arguments);

  halfwave::set_thread_count(threads);
  if (!target.empty()) {
    const std::int64_t id = halfwave::targets({target}).at(0).id;
    if constexpr (!halfwave::one_target) hwy::SetSupportedTargetsForTest(id);
    setenv("ONEDNN_MAX_CPU_ISA", target.c_str(), 1);  // which knows AVX2 by the same name
  }
  const double limit = measure_multiply_add_limit();
  fmt::print("The limit: {:.0f} GFLOP/s\n\n", limit / 1e9);
  fmt::print("| Net | Picture, channels, kernel | Pass | Kernel | Zeros | Measured | Believed |\n");
  fmt::print("| --- | --- | --- | --- | --- | --- | --- |\n");
  Summary summary;
  ConvolutionUse use = infer > 0 ? ConvolutionUse{.batch = infer, .training = false}
                                 : ConvolutionUse{.batch = 64, .training = true};
  use.threads = static_cast<std::size_t>(threads);
  for (const auto& shape : shapes) Race(shape, repeats, limit, use).run(summary);
  if (infer > 0) {
    use.net_weights = std::size_t{1} << 24;
    for (const auto& shape : large_shapes) Race(shape, repeats, limit, use).run(summary);
  }
  summary.print();
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
