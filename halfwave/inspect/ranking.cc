#include "halfwave/inspect/ranking.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace halfwave {
namespace {

struct Sample {
  double mean = 0;
  double deviation = 0;
  bool failed = false;
};

Sample sample(std::span<const double> values) {
  Sample result;
  double count = 0;
  for (const double value : values) {
    if (std::isnan(value)) {
      result.failed = true;
      continue;
    }
    result.mean += value;
    ++count;
  }
  if (count > 0) result.mean /= count;
  double squares = 0;
  for (const double value : values) {
    if (!std::isnan(value)) squares += (value - result.mean) * (value - result.mean);
  }
  if (count > 1) result.deviation = std::sqrt(squares / (count - 1));
  return result;
}

// The variance that neither contestants nor trials explain, of those that never failed.
double unexplained_variance(std::span<const std::vector<double>> results, std::span<const Sample> samples,
                            int freedom) {
  std::vector<std::size_t> sound;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!samples[i].failed) sound.push_back(i);
  }
  double mean = 0;
  for (const std::size_t i : sound) mean += samples[i].mean / static_cast<double>(sound.size());
  double squares = 0;
  for (std::size_t trial = 0; trial < results.front().size(); ++trial) {
    double trial_mean = 0;
    for (const std::size_t i : sound) trial_mean += results[i][trial] / static_cast<double>(sound.size());
    for (const std::size_t i : sound) {
      const double rest = results[i][trial] - samples[i].mean - trial_mean + mean;
      squares += rest * rest;
    }
  }
  return squares / freedom;
}

}  // namespace

// Abramowitz and Stegun 1964, 26.7.3 and 26.7.4.
double student_p_value(double t, int freedom) {
  const double angle = std::atan(std::abs(t) / std::sqrt(freedom));
  const double sine = std::sin(angle);
  const double cosine = std::cos(angle);
  const bool odd = freedom % 2 == 1;
  double term = odd ? cosine : 1;
  double sum = freedom > 1 ? term : 0;
  for (int i = odd ? 3 : 2; i < freedom; i += 2) {
    term *= cosine * cosine * (i - 1) / i;
    sum += term;
  }
  return odd ? 1 - 2 / std::numbers::pi * (angle + sine * sum) : 1 - sine * sum;
}

std::vector<Ranked> rank(std::span<const std::vector<double>> results) {
  const std::size_t count = results.size();
  std::vector<Sample> samples;
  for (const auto& each : results) samples.push_back(sample(each));
  const auto sound = static_cast<int>(
      std::count_if(samples.begin(), samples.end(), [](const Sample& each) { return !each.failed; }));
  const auto trials = static_cast<int>(results.empty() ? 0 : results.front().size());
  const int freedom = (sound - 1) * (trials - 1);
  const double pairs = sound * (sound - 1) / 2.0;
  const double error =
      freedom > 0 ? std::sqrt(2 * unexplained_variance(results, samples, freedom) / trials) : 0;
  const auto is_better = [&](std::size_t a, std::size_t b) {
    if (samples[a].failed || samples[b].failed) return samples[b].failed && !samples[a].failed;
    const double lead = samples[a].mean - samples[b].mean;
    return freedom > 0 && lead > 0 && student_p_value(lead / error, freedom) < 0.05 / pairs;
  };
  std::vector<Ranked> ranking;
  for (std::size_t i = 0; i < count; ++i) {
    Ranked ranked{.contestant = i, .mean = samples[i].mean, .deviation = samples[i].deviation};
    for (std::size_t other = 0; other < count; ++other) ranked.place += is_better(other, i) ? 1 : 0;
    ranking.push_back(ranked);
  }
  std::stable_sort(ranking.begin(), ranking.end(), [&](const Ranked& a, const Ranked& b) {
    if (samples[a.contestant].failed != samples[b.contestant].failed) return samples[b.contestant].failed;
    return a.mean > b.mean;
  });
  return ranking;
}

}  // namespace halfwave
