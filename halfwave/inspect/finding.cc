#include "halfwave/inspect/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "halfwave/base/error.h"
#include "halfwave/base/table.h"

namespace halfwave {
namespace {

constexpr std::string_view set_names[] = {"sagemaker", "apoz", "redo", "autotrainer"};

struct ThresholdName {
  std::string_view name;
  double Thresholds::*value;
};
constexpr ThresholdName threshold_names[] = {
    {"active_share", &Thresholds::active_share},       {"saturated_share", &Thresholds::saturated_share},
    {"layer_share", &Thresholds::layer_share},         {"least_gradient", &Thresholds::least_gradient},
    {"largest_update", &Thresholds::largest_update},   {"least_update", &Thresholds::least_update},
    {"zero_share", &Thresholds::zero_share},           {"dormancy", &Thresholds::dormancy},
    {"vanishing_ratio", &Thresholds::vanishing_ratio}, {"vanishing_first", &Thresholds::vanishing_first},
    {"exploding_ratio", &Thresholds::exploding_ratio}, {"zero_gradients", &Thresholds::zero_gradients},
    {"variance_ratio", &Thresholds::variance_ratio},   {"gradient_spread", &Thresholds::gradient_spread},
    {"loss_decrease", &Thresholds::loss_decrease},     {"overfit", &Thresholds::overfit}};

template <class Test>
std::vector<std::size_t> units_that(const LayerHealth& layer, Test&& test) {
  std::vector<std::size_t> units;
  for (std::size_t unit = 0; unit < layer.units.size(); ++unit) {
    if (test(layer.units[unit])) units.push_back(unit);
  }
  return units;
}

// "unit 3", "units 3, 5 and 8", "units 0, 1, 2 and 40 more".
std::string units_text(const std::vector<std::size_t>& units) {
  constexpr std::size_t most = 8;
  std::string text = units.size() == 1 ? "unit" : "units";
  const std::size_t shown = units.size() > most ? most - 1 : units.size();
  for (std::size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == units.size();
    text += fmt::format("{}{}", i == 0 ? " " : last ? " and " : ", ", units[i]);
  }
  if (shown < units.size()) text += fmt::format(" and {} more", units.size() - shown);
  return text;
}

// The verb for one unit, or for several.
const char* verb(const std::vector<std::size_t>& units, const char* one, const char* several) {
  return units.size() == 1 ? one : several;
}

std::string images_text(std::int64_t images) { return count_text(static_cast<std::size_t>(images)); }

class Finder {
 public:
  Finder(const Inspection& inspection, const std::vector<RuleSet>& sets, const Thresholds& thresholds)
      : in_(inspection), sets_(sets), t_(thresholds) {}

  std::vector<Finding> find() {
    for (const LayerHealth& layer : in_.layers) {
      not_finite(layer);
      structural(layer);
      certified(layer);
      if (has(RuleSet::sagemaker)) sagemaker(layer);
      if (has(RuleSet::apoz)) apoz(layer);
      if (has(RuleSet::redo)) redo(layer);
    }
    for (const LayerGradient& layer : in_.gradients) gradient(layer);
    if (has(RuleSet::autotrainer)) flow();
    return std::move(found_);
  }

 private:
  bool has(RuleSet set) const { return std::find(sets_.begin(), sets_.end(), set) != sets_.end(); }
  void add(Finding finding) { found_.push_back(std::move(finding)); }

  void not_finite(const LayerHealth& layer) {
    const auto units = units_that(layer, [](const UnitHealth& unit) { return unit.not_finite > 0; });
    if (units.empty()) return;
    std::int64_t values = 0;
    for (const std::size_t unit : units) values += layer.units[unit].not_finite;
    add({.rule = "exploding_tensor",
         .layer = layer.name,
         .units = units,
         .value = static_cast<double>(values),
         .images = in_.sum.images,
         .what = fmt::format("{} of '{}' {} NaN or infinite values", units_text(units), layer.name,
                             verb(units, "gives", "give")),
         .advice =
             "look for NaN in weights and data before this layer; train with a lower rate or --clip-norm"});
  }

  void structural(const LayerHealth& layer) {
    const auto units = units_that(layer, [](const UnitHealth& unit) { return unit.structurally_silent; });
    if (units.empty()) return;
    add({.rule = "structurally_zero",
         .grade = Grade::structural,
         .layer = layer.name,
         .units = units,
         .value = static_cast<double>(units.size()),
         .images = in_.sum.images,
         .what = fmt::format("{} of '{}' {} 0 whatever comes: all weights into {} are 0", units_text(units),
                             layer.name, verb(units, "gives", "give"), verb(units, "it", "them")),
         .advice = "they can be taken out without changing one output"});
  }

  void certified(const LayerHealth& layer) {
    const auto units = units_that(
        layer, [](const UnitHealth& unit) { return unit.certified_silent && !unit.structurally_silent; });
    if (units.empty()) return;
    add({.rule = "certified_silent",
         .grade = Grade::certified,
         .layer = layer.name,
         .units = units,
         .value = static_cast<double>(units.size()),
         .images = in_.sum.images,
         .what = fmt::format("{} of '{}' {} 0 for every picture with values from 0 to 255", units_text(units),
                             layer.name, verb(units, "gives", "give")),
         .advice = "they can be taken out without changing one output for any picture"});
  }

  void sagemaker(const LayerHealth& layer) {
    units_or_layer(
        layer, dead_units(layer, t_), "dead", t_.active_share,
        fmt::format("active on fewer than {:g} % of {} images", t_.active_share * 100,
                    images_text(in_.sum.images)),
        "a lower rate, leaky_relu, prelu or elu, or He's start keep units alive; training goes on without "
        "dead ones, whose weights get no gradient");
    units_or_layer(layer, saturated_units(layer, t_), "saturated", t_.saturated_share,
                   fmt::format("flat (slope below {:g}) for more than {:g} % of their values",
                               LayerHealth::saturated_slope, t_.saturated_share * 100),
                   "smaller first weights, batch_norm before the activation, or relu instead of it");
  }

  void units_or_layer(const LayerHealth& layer, const std::vector<std::size_t>& units,
                      const std::string& kind, double threshold, const std::string& how,
                      const std::string& advice) {
    if (units.empty()) return;
    const double share = static_cast<double>(units.size()) / static_cast<double>(layer.units.size());
    const bool whole = share > t_.layer_share;
    add({.rule = kind + (whole ? "_layer" : "_units"),
         .layer = layer.name,
         .units = units,
         .value = whole ? share : static_cast<double>(units.size()),
         .threshold = whole ? t_.layer_share : threshold,
         .images = in_.sum.images,
         .what = fmt::format("{} of {} units of '{}' {} {}: {} ({})", units.size(), layer.units.size(),
                             layer.name, verb(units, "is", "are"), kind, how, units_text(units)),
         .advice = advice});
  }

  void apoz(const LayerHealth& layer) {
    const auto units =
        units_that(layer, [&](const UnitHealth& unit) { return unit.zero_share > t_.zero_share; });
    if (units.empty()) return;
    add({.rule = "average_percentage_of_zeros",
         .set = RuleSet::apoz,
         .layer = layer.name,
         .units = units,
         .value = static_cast<double>(units.size()),
         .threshold = t_.zero_share,
         .images = in_.sum.images,
         .what = fmt::format("{} of '{}' {} 0 for more than {:g} % of the values", units_text(units),
                             layer.name, verb(units, "gives", "give"), t_.zero_share * 100),
         .advice = "they carry next to nothing: a smaller layer will do, or a lower rate keeps more of them "
                   "at work"});
  }

  void redo(const LayerHealth& layer) {
    if (layer.activation == "linear") return;
    const auto units = dormant_units(layer, t_);
    if (units.empty()) return;
    add({.rule = "dormant_units",
         .set = RuleSet::redo,
         .layer = layer.name,
         .units = units,
         .value = static_cast<double>(units.size()),
         .threshold = t_.dormancy,
         .images = in_.sum.images,
         .what = fmt::format("{} of '{}' {} dormant: the mean magnitude is at most {:g} of the layer's",
                             units_text(units), layer.name, verb(units, "is", "are"), t_.dormancy),
         .advice = "their weights can be started anew without losing what the net has learned"});
  }

  void gradient(const LayerGradient& layer) {
    const auto fault = [&](std::string rule, RuleSet set, double value, double threshold, std::string what,
                           std::string advice) {
      add({.rule = std::move(rule),
           .set = set,
           .layer = layer.name,
           .value = value,
           .threshold = threshold,
           .images = in_.gradient_images,
           .what = std::move(what),
           .advice = std::move(advice)});
    };
    if (layer.not_finite > 0) {
      fault("exploding_tensor", RuleSet::sagemaker, static_cast<double>(layer.not_finite), 0,
            fmt::format("{} gradients of '{}' are NaN or infinite", layer.not_finite, layer.name),
            "train with a lower rate or --clip-norm");
      return;
    }
    if (has(RuleSet::sagemaker) && layer.mean_magnitude < t_.least_gradient) {
      fault("vanishing_gradient", RuleSet::sagemaker, layer.mean_magnitude, t_.least_gradient,
            fmt::format("the gradient of '{}' has a mean magnitude of {:.2g}", layer.name,
                        layer.mean_magnitude),
            "relu instead of sigmoid or tanh, batch_norm, fewer layers or shortcuts past some");
    }
    if (has(RuleSet::sagemaker) && layer.update_ratio &&
        (*layer.update_ratio > t_.largest_update || *layer.update_ratio < t_.least_update)) {
      const bool large = *layer.update_ratio > t_.largest_update;
      fault("weight_update_ratio", RuleSet::sagemaker, *layer.update_ratio,
            large ? t_.largest_update : t_.least_update,
            fmt::format("a step changes the weights of '{}' by {:.2g} of their size", layer.name,
                        *layer.update_ratio),
            large ? "a lower rate" : "a higher rate, or see why so little gradient arrives");
    }
    if (has(RuleSet::autotrainer) && layer.zero_share >= t_.zero_gradients) {
      fault(
          "dying_relu", RuleSet::autotrainer, layer.zero_share, t_.zero_gradients,
          fmt::format("{:.0f} % of the gradients of '{}' are exactly 0", layer.zero_share * 100, layer.name),
          "a lower rate, leaky_relu instead of relu, or other first weights");
    }
  }

  void flow() {
    const std::optional<double> ratio = in_.gradient_ratio();
    if (!ratio) return;
    const LayerGradient& first = in_.gradients.front();
    const LayerGradient& last = in_.gradients.back();
    if (*ratio < t_.vanishing_ratio && first.norm < t_.vanishing_first) {
      add({.rule = "vanishing_gradient_flow",
           .set = RuleSet::autotrainer,
           .value = *ratio,
           .threshold = t_.vanishing_ratio,
           .images = in_.gradient_images,
           .what = fmt::format("from '{}' back to '{}' the gradient shrinks to {:.2g} of its size", last.name,
                               first.name, *ratio),
           .advice = "relu instead of sigmoid or tanh, batch_norm, fewer layers or shortcuts past some"});
    } else if (*ratio > t_.exploding_ratio) {
      add({.rule = "exploding_gradient_flow",
           .set = RuleSet::autotrainer,
           .value = *ratio,
           .threshold = t_.exploding_ratio,
           .images = in_.gradient_images,
           .what = fmt::format("from '{}' back to '{}' the gradient grows to {:.3g} times its size",
                               last.name, first.name, *ratio),
           .advice = "smaller first weights, batch_norm, a lower rate or --clip-norm"});
    }
  }

  const Inspection& in_;
  const std::vector<RuleSet>& sets_;
  const Thresholds& t_;
  std::vector<Finding> found_;
};

}  // namespace

void set_threshold(Thresholds& thresholds, std::string_view assignment) {
  const std::size_t sign = assignment.find('=');
  const std::string_view name = assignment.substr(0, sign);
  const auto* const known = std::find_if(std::begin(threshold_names), std::end(threshold_names),
                                         [&](const ThresholdName& each) { return each.name == name; });
  if (known == std::end(threshold_names)) {
    std::string names;
    for (const ThresholdName& each : threshold_names)
      names += (names.empty() ? "" : ", ") + std::string(each.name);
    fail("unknown threshold '{}'; there are {}", name, names);
  }
  const std::string text(sign == std::string_view::npos ? "" : assignment.substr(sign + 1));
  std::size_t read = 0;
  double value = 0;
  try {
    value = std::stod(text, &read);
  } catch (const std::exception&) {
    read = 0;
  }
  if (read == 0 || read != text.size() || !(value >= 0))
    fail("threshold '{}': expected a number of 0 or more, as in {}=0.5, got '{}'", name, name, text);
  thresholds.*known->value = value;
}

RuleSet rule_set_by_name(std::string_view name) {
  for (std::size_t i = 0; i < std::size(set_names); ++i) {
    if (set_names[i] == name) return static_cast<RuleSet>(i);
  }
  fail("unknown rules '{}'; there are sagemaker, apoz, redo and autotrainer", name);
}

std::string_view to_string(RuleSet set) { return set_names[static_cast<std::size_t>(set)]; }

std::string_view to_string(Grade grade) {
  constexpr std::string_view names[] = {"on samples", "certified", "structural"};
  return names[static_cast<std::size_t>(grade)];
}

std::vector<std::size_t> dead_units(const LayerHealth& layer, const Thresholds& thresholds) {
  if (!layer.can_rest) return {};
  return units_that(layer,
                    [&](const UnitHealth& unit) { return unit.active_share < thresholds.active_share; });
}

std::vector<std::size_t> dormant_units(const LayerHealth& layer, const Thresholds& thresholds) {
  return units_that(layer,
                    [&](const UnitHealth& unit) { return unit.dormancy_score <= thresholds.dormancy; });
}

std::vector<std::size_t> saturated_units(const LayerHealth& layer, const Thresholds& thresholds) {
  return units_that(layer, [&](const UnitHealth& unit) {
    return layer.saturates && unit.saturated_share > thresholds.saturated_share;
  });
}

std::vector<Finding> find_faults(const Inspection& inspection, const std::vector<RuleSet>& sets,
                                 const Thresholds& thresholds) {
  return Finder(inspection, sets, thresholds).find();
}

}  // namespace halfwave
