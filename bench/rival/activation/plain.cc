// Loops as one writes them, left to the compiler; CMakeLists.txt builds them with several sets of flags.
#include <omp.h>

#include <cmath>
#include <numbers>

#include "openmp.h"
#include "rival.h"

namespace {

// out[i] = f(a[i]), or f(a[i], b[i]). omp simd: an array may be the same as another, which harms nothing.
template <class F>
[[gnu::noinline]] void loop(F f, int threads, std::size_t n, float* out, const float* a) {
  if (threads == 1 || n < rival::parallel_least) {
#pragma omp simd
    for (std::size_t i = 0; i < n; ++i) out[i] = f(a[i]);
  } else {
#pragma omp parallel for simd schedule(static) num_threads(threads)
    for (std::size_t i = 0; i < n; ++i) out[i] = f(a[i]);
  }
}

template <class F>
[[gnu::noinline]] void loop(F f, int threads, std::size_t n, float* out, const float* a, const float* b) {
  if (threads == 1 || n < rival::parallel_least) {
#pragma omp simd
    for (std::size_t i = 0; i < n; ++i) out[i] = f(a[i], b[i]);
  } else {
#pragma omp parallel for simd schedule(static) num_threads(threads)
    for (std::size_t i = 0; i < n; ++i) out[i] = f(a[i], b[i]);
  }
}

enum class Saved { x, y };

// y = value(x); dx = gradient(saved, dy).
template <class Value, class Gradient>
void measure(const rival::Bench& bench, const char* name, Value value, Saved from, Gradient gradient) {
  if (!bench.wants(name)) return;
  const std::size_t n = bench.n();
  const int threads = bench.threads();
  bench.forward(name, SETUP,
                [&](std::size_t slot) { loop(value, threads, n, bench.work(slot), bench.x(slot)); });
  loop(value, threads, n, bench.y(), bench.x());
  const float* saved = from == Saved::x ? bench.x() : bench.y();
  bench.backward(name, SETUP, [&](std::size_t slot) {
    loop(gradient, threads, n, bench.work(slot), saved, bench.dy(slot));
  });
}

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }
float squared(float x) { return x * x; }

constexpr float root_half = 1 / std::numbers::sqrt2_v<float>;
constexpr float root_two_over_pi = 0.7978845608028654F;
constexpr float selu_lambda = 1.0507009873554805F;
constexpr float selu_alpha = 1.6732632423543773F;

float gelu_tanh_argument(float x) { return root_two_over_pi * (x + 0.044715F * x * x * x); }

void rectifiers(const rival::Bench& bench) {
  measure(
      bench, "relu", [](float x) { return std::max(0.0F, x); }, Saved::y,
      [](float y, float dy) { return y > 0 ? dy : 0; });
  measure(
      bench, "relu6", [](float x) { return std::min(std::max(0.0F, x), 6.0F); }, Saved::y,
      [](float y, float dy) { return y > 0 && y < 6 ? dy : 0; });
  measure(
      bench, "leaky_relu", [](float x) { return x > 0 ? x : 0.01F * x; }, Saved::y,
      [](float y, float dy) { return y > 0 ? dy : 0.01F * dy; });
  measure(
      bench, "thresholded_relu", [](float x) { return x > 1 ? x : 0; }, Saved::y,
      [](float y, float dy) { return y > 0 ? dy : 0; });
  for (const char* name : {"elu", "celu"}) {  // the same where alpha is 1
    measure(
        bench, name, [](float x) { return x > 0 ? x : std::expm1(x); }, Saved::y,
        [](float y, float dy) { return y > 0 ? dy : dy * (y + 1); });
  }
  measure(
      bench, "selu", [](float x) { return selu_lambda * (x > 0 ? x : selu_alpha * std::expm1(x)); }, Saved::y,
      [](float y, float dy) { return dy * (y > 0 ? selu_lambda : y + selu_lambda * selu_alpha); });
  measure(
      bench, "softplus", [](float x) { return x > 20 ? x : std::log1p(std::exp(x)); }, Saved::x,
      [](float x, float dy) { return dy * sigmoid(x); });
}

void sigmoids(const rival::Bench& bench) {
  measure(
      bench, "sigmoid", [](float x) { return sigmoid(x); }, Saved::y,
      [](float y, float dy) { return dy * y * (1 - y); });
  measure(
      bench, "log_sigmoid", [](float x) { return std::min(x, 0.0F) - std::log1p(std::exp(-std::abs(x))); },
      Saved::x, [](float x, float dy) { return dy * sigmoid(-x); });
  measure(
      bench, "hard_sigmoid", [](float x) { return std::min(std::max(x + 3, 0.0F), 6.0F) * (1 / 6.0F); },
      Saved::x, [](float x, float dy) { return std::abs(x) < 3 ? dy * (1 / 6.0F) : 0; });
  measure(
      bench, "tanh", [](float x) { return std::tanh(x); }, Saved::y,
      [](float y, float dy) { return dy * (1 - y * y); });
  measure(
      bench, "hard_tanh", [](float x) { return std::min(std::max(x, -1.0F), 1.0F); }, Saved::y,
      [](float y, float dy) { return std::abs(y) < 1 ? dy : 0; });
  measure(
      bench, "softsign", [](float x) { return x / (1 + std::abs(x)); }, Saved::x,
      [](float x, float dy) { return dy / squared(1 + std::abs(x)); });
  measure(
      bench, "step", [](float x) { return x > 0 ? 1.0F : 0.0F; }, Saved::y,
      [](float /*y*/, float dy) { return dy * 0; });
}

void gates(const rival::Bench& bench) {
  measure(
      bench, "gelu", [](float x) { return x * 0.5F * (1 + std::erf(x * root_half)); }, Saved::x,
      [](float x, float dy) {
        const float density = std::exp(-0.5F * x * x) * (0.5F * root_two_over_pi);
        return dy * (0.5F * (1 + std::erf(x * root_half)) + x * density);
      });
  measure(
      bench, "gelu_tanh", [](float x) { return 0.5F * x * (1 + std::tanh(gelu_tanh_argument(x))); }, Saved::x,
      [](float x, float dy) {
        const float t = std::tanh(gelu_tanh_argument(x));
        const float inner = root_two_over_pi * (1 + 3 * 0.044715F * x * x);
        return dy * (0.5F * (1 + t) + 0.5F * x * (1 - t * t) * inner);
      });
  measure(
      bench, "silu", [](float x) { return x / (1 + std::exp(-x)); }, Saved::x,
      [](float x, float dy) {
        const float g = sigmoid(x);
        return dy * g * (1 + x * (1 - g));
      });
  measure(
      bench, "hard_silu", [](float x) { return x * std::min(std::max(x + 3, 0.0F), 6.0F) * (1 / 6.0F); },
      Saved::x, [](float x, float dy) { return x <= -3 ? 0
                                               : x < 3 ? dy * (2 * x + 3) * (1 / 6.0F)
                                                       : dy; });
  // tanh(log(1 + e)) = e (e + 2) / (e (e + 2) + 2) with e = exp(x): one exp instead of three functions.
  measure(
      bench, "mish",
      [](float x) {
        const float e = std::exp(std::min(x, 20.0F));
        return x * (e * (e + 2)) / (e * (e + 2) + 2);
      },
      Saved::x,
      [](float x, float dy) {
        const float e = std::exp(std::min(x, 20.0F));
        const float t = e * (e + 2) / (e * (e + 2) + 2);
        return dy * (t + x * (1 - t * t) * e / (1 + e));
      });
}

void others(const rival::Bench& bench) {
  measure(
      bench, "hard_shrink", [](float x) { return std::abs(x) > 0.5F ? x : 0; }, Saved::y,
      [](float y, float dy) { return y != 0 ? dy : 0; });
  measure(
      bench, "soft_shrink", [](float x) { return x > 0.5F    ? x - 0.5F
                                                 : x < -0.5F ? x + 0.5F
                                                             : 0; }, Saved::y,
      [](float y, float dy) { return y != 0 ? dy : 0; });
  measure(
      bench, "tanh_shrink", [](float x) { return x - std::tanh(x); }, Saved::x,
      [](float x, float dy) { return dy * squared(std::tanh(x)); });
  measure(
      bench, "abs", [](float x) { return std::abs(x); }, Saved::x,
      [](float x, float dy) { return x > 0   ? dy
                                     : x < 0 ? -dy
                                             : 0; });
  measure(
      bench, "square", [](float x) { return squared(x); }, Saved::x,
      [](float x, float dy) { return 2 * x * dy; });
  measure(
      bench, "gaussian", [](float x) { return std::exp(-x * x); }, Saved::x,
      [](float x, float dy) { return dy * -2 * x * std::exp(-x * x); });
  measure(
      bench, "inverse_multiquadric", [](float x) { return 1 / std::sqrt(x * x + 1); }, Saved::x,
      [](float x, float dy) {
        const float y = 1 / std::sqrt(x * x + 1);
        return -dy * x * y * y * y;
      });
}

}  // namespace

int main(int count, char** arguments) {
  const rival::Options options = rival::parse(count, arguments);
  for (const std::size_t n : options.sizes) {
    const rival::Copy copy = rival::openmp_copy(options.threads);
    const rival::Bench bench(options, n, "plain loops", "g++ " __VERSION__, copy);
    const auto copy_from = [&](const float* from) {
      return [&bench, &copy, n, from](std::size_t slot) { copy(n, bench.work(slot), from); };
    };
    bench.copy("memcpy", copy_from(bench.x()));
    // In place there is nothing to do.
    if (bench.wants("linear") && !bench.in_place()) {
      bench.forward("linear", "memcpy", copy_from(bench.x()));
      bench.backward("linear", "memcpy", copy_from(bench.dy(0)));
    }
    rectifiers(bench);
    sigmoids(bench);
    gates(bench);
    others(bench);
  }
}
