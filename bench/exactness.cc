// How exact the activations are: every float goes through each of them, forward and backward, on every
// instruction set, and is compared with the same formula in higher precision.
// Errors are looked for in double and, where they are the largest so far, measured in long double (64 bits of
// precision on x86). Every 4099th value is computed in both, so that the table can say what double costs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <string>
#include <vector>

#include "bench/targets.h"
#include "halfwave/activation/activation.h"
#include "halfwave/activation/entry.h"
#include "halfwave/base/clock.h"
#include "halfwave/base/parallel.h"

#include <hwy/targets.h>

namespace halfwave {
namespace {

constexpr std::uint64_t all_floats = std::uint64_t{1} << 32;
constexpr std::size_t chunk = 1 << 14;
constexpr std::uint64_t check_stride = 4099;

// |got - exact| in units of the last place that exact would have as a float.
template <class T>
double ulp_error(float got, T exact) {
  if (std::isnan(got) || std::isnan(exact)) {
    return std::isnan(got) && std::isnan(exact) ? 0 : std::numeric_limits<double>::infinity();
  }
  // Beyond the largest float, infinity stands for the next number.
  const T overflow = 0x1p128;
  const T value = std::isinf(got) ? std::copysign(overflow, static_cast<T>(got)) : static_cast<T>(got);
  const T target = std::clamp(exact, -overflow, overflow);
  const T difference = std::abs(value - target);
  if (difference == 0) return 0;
  const int exponent = std::clamp(std::ilogb(target), -126, 127);
  return static_cast<double>(std::ldexp(difference, 23 - exponent));
}

// The same, about, and fast, for numbers that are not special; NaN where one is.
double quick_ulp_error(float got, double exact) {
  const auto exponent = std::max<std::int64_t>(
      static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(exact) >> 52 & 0x7FF) - 1023, -126);
  const double scale = std::bit_cast<double>(static_cast<std::uint64_t>(23 - exponent + 1023) << 52);
  return std::abs(static_cast<double>(got) - exact) *
         (exponent > 127 ? std::numeric_limits<double>::quiet_NaN() : scale);
}
double ulp_error(float got, double exact) {
  const double error = quick_ulp_error(got, exact);
  return error < 1e30 ? error : ulp_error<double>(got, exact);
}

// The largest error of one pass on one instruction set.
struct Worst {
  double seen = 0;  // in double
  double ulp = 0;   // in long double
  float at = 0;

  template <class Exact>
  void look(float x, float got, double error, const Exact& exact) {
    if (!(error > seen)) return;
    seen = error;
    const double precise = ulp_error(got, exact(static_cast<long double>(x)));
    if (!(precise > ulp)) return;
    ulp = precise;
    at = x;
  }
  void join(const Worst& other) {
    if (other.ulp > ulp) *this = other;
  }
};

struct Slopes : Worst {
  double absolute = 0;            // the largest absolute error where the one in ULP is beyond the bound
  double relative_1e3 = 0x1p-24;  // the largest relative error where the slope is from 1e-3 to 1
  double relative_1e6 = 0x1p-24;  // and from 1e-6 to 1e-3, near saturation
  void join(const Slopes& other) {
    Worst::join(other);
    absolute = std::max(absolute, other.absolute);
    relative_1e3 = std::max(relative_1e3, other.relative_1e3);
    relative_1e6 = std::max(relative_1e6, other.relative_1e6);
  }
};

struct Errors {
  Worst value;
  Slopes slope;
};

struct Result {
  std::vector<Errors> errors;   // by target
  double double_precision = 0;  // the largest error of double that was seen, in ULP of float
  std::uint64_t lost_nans = 0;
};

// One thread's share.
class Walk {
 public:
  Walk(const Activation& activation, const std::vector<catalogue::Kernel>& kernels)
      : activation_(activation), kernels_(kernels) {
    result.errors.resize(kernels.size());
    std::ranges::copy(activation.parameters(), parameters_.begin());
  }

  void run(std::uint64_t first, std::uint64_t stride) {
    std::size_t count = 0;
    for (std::uint64_t bits = first; count < chunk && bits < all_floats; bits += stride) {
      x_[count] = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
      value_[count] = activation_.value(static_cast<double>(x_[count]));
      slope_[count] = activation_.slope(static_cast<double>(x_[count]));
      if (bits % check_stride == 0) check_double(count);
      ++count;
    }
    for (std::size_t t = 0; t < kernels_.size(); ++t) compare(t, count);
  }

  Result result;

 private:
  void check_double(std::size_t i) {
    const auto x = static_cast<long double>(x_[i]);
    const auto cost = [&](double in_double, long double exact) {
      if (std::isnan(in_double) || std::isinf(in_double)) return 0.0;
      const int exponent = std::clamp(std::ilogb(exact), -126, 127);
      return static_cast<double>(
          std::ldexp(std::abs(static_cast<long double>(in_double) - exact), 23 - exponent));
    };
    result.double_precision = std::max(result.double_precision, cost(value_[i], activation_.value(x)));
    if (std::abs(slope_[i]) > 1e-3)
      result.double_precision = std::max(result.double_precision, cost(slope_[i], activation_.slope(x)));
  }

  void compare(std::size_t target, std::size_t count) {
    const ActivationInfo& info = activation_.info();
    kernels_[target].forward(x_.data(), y_.data(), count, parameters_.data());
    dx_.fill(1);
    kernels_[target].backward(info.backward_from_y ? y_.data() : x_.data(), dx_.data(), dx_.data(), count,
                              parameters_.data());
    Errors& errors = result.errors[target];
    for (std::size_t i = 0; i < count; ++i) {
      if (std::isnan(x_[i])) {
        result.lost_nans += !std::isnan(y_[i]) + !std::isnan(dx_[i]);
        continue;
      }
      // The nearest float is never more than half a unit off, and nothing to look at once that was seen.
      if (errors.value.seen < 0.5 || y_[i] != static_cast<float>(value_[i]))
        errors.value.look(x_[i], y_[i], ulp_error(y_[i], value_[i]),
                          [&](long double x) { return activation_.value(x); });
      if (errors.slope.seen < 0.5 || dx_[i] != static_cast<float>(slope_[i]))
        look_at_slope(errors.slope, x_[i], dx_[i], slope_[i]);
    }
  }

  void look_at_slope(Slopes& slope, float x, float got, double exact) const {
    const ErrorBound& bound = activation_.info().backward_error;
    const double error = ulp_error(got, exact);
    const double absolute = std::abs(static_cast<double>(got) - exact);
    if (!(absolute <= bound.absolute)) {
      slope.look(x, got, error, [&](long double at) { return activation_.slope(at); });
    } else if (error > bound.ulp) {
      slope.absolute = std::max(slope.absolute, absolute);
    }
    const double size = std::abs(exact);
    if (size >= 1e-3 && size <= 1) slope.relative_1e3 = std::max(slope.relative_1e3, absolute / size);
    if (size >= 1e-6 && size < 1e-3) slope.relative_1e6 = std::max(slope.relative_1e6, absolute / size);
  }

  const Activation& activation_;
  const std::vector<catalogue::Kernel>& kernels_;
  catalogue::Parameters parameters_{};
  std::array<float, chunk> x_{}, y_{}, dx_{};
  std::array<double, chunk> value_{}, slope_{};
};

Result measure(const Activation& activation, std::uint64_t stride, const std::vector<Target>& sets) {
  std::vector<catalogue::Kernel> kernels;
  for (const Target& target : sets) {
    if constexpr (!one_target) {
      hwy::SetSupportedTargetsForTest(target.id);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      catalogue::choose_kernels();
    }
    kernels.push_back(catalogue::kernel(catalogue::entry_of(activation.info()).index));
  }
  Result all;
  all.errors.resize(sets.size());
  const std::uint64_t reach = stride * chunk;
  std::vector<Walk> walks(static_cast<std::size_t>(thread_count()), Walk(activation, kernels));
  parallel_for((all_floats + reach - 1) / reach, 1, [&](std::size_t begin, std::size_t end, int thread) {
    for (std::size_t i = begin; i < end; ++i) walks[static_cast<std::size_t>(thread)].run(i * reach, stride);
  });
  for (const Walk& walk : walks) {
    for (std::size_t t = 0; t < sets.size(); ++t) {
      all.errors[t].value.join(walk.result.errors[t].value);
      all.errors[t].slope.join(walk.result.errors[t].slope);
    }
    all.double_precision = std::max(all.double_precision, walk.result.double_precision);
    all.lost_nans += walk.result.lost_nans;
  }
  return all;
}

std::string number(double value) {
  return value == 0                ? "0"
         : std::abs(value) < 0.005 ? fmt::format("{:.1e}", value)
                                   : fmt::format("{:.2f}", value);
}

// Errors below half a unit are not looked at, see Walk::compare.
std::string relative(double error) { return error > 0x1p-24 ? fmt::format("{:.1e}", error) : "< 6e-08"; }

// f at -inf, -0, 0, inf, and f' at -inf, 0, inf, as the kernels have it.
std::string special_values(const Activation& activation) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::array<float, 4> x = {-infinity, -0.0F, 0.0F, infinity};
  std::array<float, 4> y{};
  std::array<float, 4> dx = {1, 1, 1, 1};
  activation.forward(x.data(), y.data(), 4);
  activation.backward(activation.info().backward_from_y ? y.data() : x.data(), dx.data(), dx.data(), 4);
  return fmt::format("{:.6g}, {:.6g}, {:.6g}, {:.6g} | {:.6g}, {:.6g}, {:.6g}", y[0], y[1], y[2], y[3], dx[0],
                     dx[2], dx[3]);
}

// Prints a row; whether the published bounds hold.
bool print(const Activation& activation, const Result& result) {
  const ActivationInfo& info = activation.info();
  Worst value;
  Slopes slope;
  std::string values;
  std::string slopes;
  for (const Errors& errors : result.errors) {
    value.join(errors.value);
    slope.join(errors.slope);
    values += fmt::format("{}{}", values.empty() ? "" : " / ", number(errors.value.ulp));
    slopes += fmt::format("{}{}", slopes.empty() ? "" : " / ", number(errors.slope.ulp));
  }
  const std::string absolute =
      info.backward_error.absolute > 0 ? fmt::format("{:.1e}", info.backward_error.absolute) : "";
  fmt::print("| {} | {} | {:.6g} | {} | {:.6g} | {} | {} | {} | {} |\n", activation.text(), values, value.at,
             slopes, slope.at, absolute, relative(slope.relative_1e3), relative(slope.relative_1e6),
             special_values(activation));
  std::fflush(stdout);
  const auto allowed = [](const ErrorBound& bound) { return std::max(bound.ulp, 0.5) + 1e-6; };
  const bool kept = value.ulp <= allowed(info.forward_error) && slope.ulp <= allowed(info.backward_error) &&
                    result.lost_nans == 0 && result.double_precision < 1e-3;
  if (!kept) {
    fmt::print(
        stderr,
        "{}: value {} ULP (bound {}), slope {} ULP (bound {}), {} NaN lost, double off by {:.1e} ULP\n",
        activation.text(), value.ulp, info.forward_error.ulp, slope.ulp, info.backward_error.ulp,
        result.lost_nans, result.double_precision);
  }
  return kept;
}

int run(const std::vector<std::string>& names, const std::vector<std::string>& target_names,
        std::uint64_t stride) {
  std::vector<Activation> list;
  list.reserve(names.size());
  for (const std::string& name : names) list.push_back(Activation::parse(name));
  if (list.empty()) {
    for (const ActivationInfo* info : activations()) list.push_back(Activation::parse(info->name));
  }
  const std::vector<Target> sets = targets(target_names);
  std::string order;
  for (const Target& target : sets) order += fmt::format("{}{}", order.empty() ? "" : " / ", target.name);
  fmt::print(
      "Errors in ULP on {}.\n\n| Activation | f | at | f' | at | or absolute | f' relative, 1e-3..1 | "
      "1e-6..1e-3 | f(-inf, "
      "-0, 0, inf) | f'(-inf, 0, inf) |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
      order);
  bool kept = true;
  for (const Activation& activation : list) {
    const double start = seconds_now();
    kept = print(activation, measure(activation, stride, sets)) && kept;
    fmt::print(stderr, "{} took {:.0f} s\n", activation.text(), seconds_now() - start);
  }
  return kept ? 0 : 1;
}

}  // namespace
}  // namespace halfwave

int main(int argc, char** argv) try {
  CLI::App app(
      "Measures the largest errors of the activations over all floats; returns 1 where a published bound is "
      "passed.");
  std::vector<std::string> names;
  std::uint64_t stride = 1;
  app.add_option("ACTIVATION", names,
                 "As in leaky_relu:slope=0.3 (default: all, with their default parameters)");
  std::vector<std::string> target_names;
  app.add_option("--target", target_names, "Instruction sets, as the table names them (default: all)");
  app.add_option("--stride", stride, "Take every so-manieth float alone")->check(CLI::Range(1, 1 << 30));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return halfwave::run(names, target_names, stride);
} catch (const std::exception& error) {
  std::fputs(error.what(), stderr);
  std::fputc('\n', stderr);
  return 2;
}
