// Rules that turn an inspection into findings: what is wrong, where, how sure, and what to do about it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "halfwave/inspect/health.h"

namespace halfwave {

// Where a rule draws the line. The defaults are those of its source.
struct Thresholds {
  double active_share = 0.01;     // below it a unit is dead (SageMaker Debugger, DeadRelu)
  double saturated_share = 0.99;  // above it a unit is saturated (SaturatedActivation)
  double layer_share = 0.5;       // of a layer's units, above which the layer is dead or saturated
  double least_gradient = 1e-7;   // mean |g| below it vanishes (VanishingGradient)
  double largest_update = 10;     // update by weight (WeightUpdateRatio)
  double least_update = 1e-8;
  double zero_share = 0.999;      // of a unit's values, above it is nearly always 0 (APoZ: Hu et al. 2016)
  double dormancy = 0.025;        // a score at or below is dormant (ReDo: Sokar et al. 2023)
  double vanishing_ratio = 1e-3;  // norms of the first by the last layer's gradient (AutoTrainer)
  double vanishing_first = 1e-4;  // and that of the first
  double exploding_ratio = 70;
  double zero_gradients = 0.7;  // of a layer's weights, from which on its ReLUs are dying
  // training_finding.h (SageMaker Debugger: PoorWeightInitialization, LossNotDecreasing, Overfit).
  double variance_ratio = 10;
  double gradient_spread = 1e-3;
  double loss_decrease = 1e-3;
  double overfit = 0.1;
};

// "zero_gradients=0.9". Error, with the names there are, where it is none of them or no number.
void set_threshold(Thresholds& thresholds, std::string_view assignment);

// Sets of rules, by name. All of them tell of values that are not finite, and of units that are
// certainly silent.
enum class RuleSet { sagemaker, apoz, redo, autotrainer };
RuleSet rule_set_by_name(std::string_view name);  // Error, with the names there are
std::string_view to_string(RuleSet set);

// How sure it is that a unit is silent: on the images that were looked at; for every picture with values from
// 0 to 255 (bounds.h); whatever comes.
enum class Grade { on_samples, certified, structural };
std::string_view to_string(Grade grade);  // "on samples", ...

struct Finding {
  std::string rule{};  // "dead_units", "saturated_layer", "vanishing_gradient", ...
  RuleSet set = RuleSet::sagemaker;
  Grade grade = Grade::on_samples;
  std::string layer{};               // empty: the whole net
  std::vector<std::size_t> units{};  // empty: the whole layer
  double value = 0, threshold = 0;
  std::int64_t images = 0;       // that it is based on; 0: on the table of epochs
  std::string what{}, advice{};  // a sentence each
};

// Units by rule. Dead: active on too few images, in a layer that can rest (a sigmoid that comes to 0 by
// rounding is saturated). Units that are certainly silent are among them.
std::vector<std::size_t> dead_units(const LayerHealth& layer, const Thresholds& thresholds);
std::vector<std::size_t> dormant_units(const LayerHealth& layer, const Thresholds& thresholds);
std::vector<std::size_t> saturated_units(const LayerHealth& layer, const Thresholds& thresholds);

// From the first layer to the last, then what concerns the whole net.
std::vector<Finding> find_faults(const Inspection& inspection, const std::vector<RuleSet>& sets,
                                 const Thresholds& thresholds = {});

}  // namespace halfwave
