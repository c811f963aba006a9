// What textbooks and papers say of activations, as experiments: each trains a few nets alike
// (inspect/comparison.h) and judges the claim by the numbers alone.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "halfwave/inspect/comparison.h"

namespace halfwave {

struct ExperimentPlan {
  std::vector<Contestant> contestants;
  ComparisonOptions options{};  // but for setup.data
};

struct Outcome {
  bool holds = false;
  std::string verdict;  // with the numbers that decide, in one line
  std::string table;    // what they were taken from
  std::string svg;      // and drawn
};

struct Experiment {
  std::string_view name;
  std::string_view claim;
  std::string_view source;
  std::string_view setup;  // what is trained, what is measured, and when the claim is said to hold

  // full: the long form. Both depend on what the data look like.
  ExperimentPlan (*plan)(const Dataset& data, bool full);
  // A finished comparison, of at least two seeds.
  Outcome (*judge)(const Comparison& comparison, const Dataset& data);
  // The text of a CSV table to be trained on, where the claim wants data of its own; else null.
  std::string (*table)() = nullptr;
};

std::span<const Experiment> experiments();
const Experiment& experiment_by_name(std::string_view name);  // Error, with the nearest name

}  // namespace halfwave
