#include "halfwave/inspect/health.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "halfwave/base/parallel.h"
#include "halfwave/data/loader.h"
#include "halfwave/inspect/bounds.h"
#include "halfwave/inspect/observed_layer.h"
#include "halfwave/kernel/unit_statistics.h"
#include "halfwave/net/inference.h"

namespace halfwave {

void Histogram::add(float value) {
  if (std::isnan(value)) return;
  // Octaves are exponents.
  constexpr int mantissa_bits = 23;
  constexpr int bias = 127;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const int octave = static_cast<int>(bits << 1 >> (mantissa_bits + 1)) - bias - least_exponent;
  if (octave < 0) {
    ++small;
  } else {
    ++(std::signbit(value) ? negative : positive)[static_cast<std::size_t>(std::min(octave, octaves - 1))];
  }
}

std::optional<double> Inspection::gradient_ratio() const {
  if (gradients.size() < 2 || gradients.back().norm == 0) return {};
  return gradients.front().norm / gradients.back().norm;
}

namespace {

// What one share of the images shows of a layer.
struct LayerCount {
  explicit LayerCount(std::size_t units) : values(units), slopes(units) {}

  kernel::UnitStatistics values;
  kernel::UnitStatistics slopes;  // 0 where saturated
  Histogram histogram;
};

class Observer {
 public:
  Observer(const Net& net, const InspectOptions& options, std::size_t shares)
      : net_(net),
        layers_(observed_layers(net)),
        histogram_images_(options.histogram_images / static_cast<std::int64_t>(shares)) {
    output_of_.assign(net.nodes().size(), layers_.size());
    slope_of_.assign(net.nodes().size(), layers_.size());
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const ObservedLayer& layer = layers_[i];
      output_of_[layer.output] = i;
      if (!saturates(layer)) continue;
      const std::size_t input = net.nodes()[layer.output].inputs[0];
      if (layer.activation->info().backward_from_y) {
        slope_of_[layer.output] = i;
      } else if (input > 0) {
        slope_of_[input - 1] = i;
      }
    }
    for (std::size_t share = 0; share < shares; ++share) {
      counts_.emplace_back();
      for (const ObservedLayer& layer : layers_)
        counts_.back().emplace_back(static_cast<std::size_t>(net.nodes()[layer.output].shape.channels));
    }
  }

  void look(std::size_t share, const Plan::Made& made) {
    const Shape& shape = net_.nodes()[made.node].shape;
    const std::size_t pixels = shape.size() / static_cast<std::size_t>(shape.channels);
    const std::size_t images = made.values.size() / shape.size();
    if (const std::size_t i = output_of_[made.node]; i < layers_.size()) {
      LayerCount& count = counts_[share][i];
      const std::int64_t wanted = std::clamp<std::int64_t>(histogram_images_ - count.values.images(), 0,
                                                           static_cast<std::int64_t>(images));
      for (const float value : made.values.first(static_cast<std::size_t>(wanted) * shape.size()))
        count.histogram.add(value);
      count.values.add(made.values.data(), images, pixels);
    }
    if (const std::size_t i = slope_of_[made.node]; i < layers_.size())
      add_slopes(*layers_[i].activation, made.values, pixels, counts_[share][i].slopes);
  }

  std::vector<LayerHealth> layers(const ModelInfo& info) {
    std::vector<LayerHealth> result;
    // What lies within the range of pictures. Tables have no range.
    std::vector<std::optional<Bounds>> bounds(net_.nodes().size());
    if (!info.table) bounds = output_bounds(net_, picture_bounds(net_.input(), info.normalisation));
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      LayerCount& count = counts_[0][i];
      for (std::size_t share = 1; share < counts_.size(); ++share) {
        count.values.join(counts_[share][i].values);
        count.slopes.join(counts_[share][i].slopes);
        join(count.histogram, counts_[share][i].histogram);
      }
      result.push_back(health_of(layers_[i], count));
      const std::vector<bool> silent = are_silent(bounds[layers_[i].output], result.back().units.size());
      for (std::size_t unit = 0; unit < silent.size(); ++unit)
        result.back().units[unit].certified_silent = silent[unit];
    }
    return result;
  }

 private:
  static bool saturates(const ObservedLayer& layer) {
    return layer.activation != nullptr && layer.activation->info().saturates;
  }

  // saved: what the slope is computed from.
  static void add_slopes(const Activation& activation, std::span<const float> saved, std::size_t pixels,
                         kernel::UnitStatistics& slopes) {
    const std::size_t image = pixels * slopes.units();
    const std::vector<float> ones(image, 1.0F);
    std::vector<float> slope(image);
    for (std::size_t at = 0; at < saved.size(); at += image) {
      activation.backward(saved.data() + at, ones.data(), slope.data(), image);
      for (float& value : slope)
        value = std::abs(value) < static_cast<float>(LayerHealth::saturated_slope) ? 0.0F : value;
      slopes.add(slope.data(), 1, pixels);
    }
  }

  // All pictures with values from 0 to 1, normalised.
  static Bounds picture_bounds(const Shape& shape, const Normalisation& normalisation) {
    Bounds bounds{std::vector<float>(shape.size()), std::vector<float>(shape.size())};
    const std::size_t channels = normalisation.mean.size();
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const float mean = normalisation.mean[i % channels];
      const float deviation = normalisation.deviation[i % channels];
      const float room = 0x1p-20F * (1 + std::abs(mean)) / deviation;  // for the rounding of both
      bounds.low[i] = -mean / deviation - room;
      bounds.high[i] = (1 - mean) / deviation + room;
    }
    return bounds;
  }

  static void join(Histogram& sum, const Histogram& other) {
    for (std::size_t i = 0; i < Histogram::octaves; ++i) {
      sum.negative[i] += other.negative[i];
      sum.positive[i] += other.positive[i];
    }
    sum.small += other.small;
  }

  // Whether a unit gives 0 whatever comes in: its weights are 0, and its bias does not help it.
  bool is_structurally_silent(const ObservedLayer& layer, std::size_t unit) const {
    const Net::Node& maker = net_.nodes()[layer.maker];
    // Nothing between the weights and the activation.
    if (layer.activation == nullptr || net_.nodes()[layer.output].inputs[0] != layer.maker + 1) return false;
    double bias = 0;
    bool weights = false;
    for (const Parameter& parameter : maker.layer->parameters()) {
      const float* values = net_.parameters().data() + parameter.offset;
      const std::size_t each = parameter.size() / static_cast<std::size_t>(parameter.dims[0]);
      if (unit >= static_cast<std::size_t>(parameter.dims[0])) return false;
      if (parameter.name == "bias") bias = static_cast<double>(values[unit]);
      if (parameter.name != "weight") continue;
      weights = true;
      if (!std::all_of(values + unit * each, values + (unit + 1) * each, [](float w) { return w == 0; }))
        return false;
    }
    return weights && layer.activation->value(bias) == 0;
  }

  // By unit: whether it is 0 everywhere by these bounds.
  static std::vector<bool> are_silent(const std::optional<Bounds>& bounds, std::size_t units) {
    std::vector<bool> silent(units, bounds.has_value());
    for (std::size_t i = 0; bounds && i < bounds->low.size(); ++i) {
      if (bounds->low[i] != 0 || bounds->high[i] != 0) silent[i % units] = false;
    }
    return silent;
  }

  LayerHealth health_of(const ObservedLayer& layer, const LayerCount& count) const {
    const kernel::UnitStatistics& s = count.values;
    LayerHealth health{.name = net_.nodes()[layer.maker].name,
                       .kind = net_.nodes()[layer.maker].layer->type(),
                       .activation = layer.activation_text,
                       .saturates = saturates(layer),
                       .can_rest = layer.activation_text != "linear" &&
                                   (!saturates(layer) || layer.activation->value(-100.0) == 0),
                       .histogram = count.histogram};
    const auto units = static_cast<double>(s.units());
    const auto values = static_cast<double>(std::max<std::int64_t>(s.values(), 1));
    const auto images = static_cast<double>(std::max<std::int64_t>(s.images(), 1));
    double mean = 0;
    double squares = 0;
    for (std::size_t unit = 0; unit < s.units(); ++unit) {
      health.units.push_back(
          {.zero_share = static_cast<double>(s.zeros(unit)) / values,
           .active_share = static_cast<double>(s.active(unit)) / images,
           .saturated_share = health.saturates ? static_cast<double>(count.slopes.zeros(unit)) / values : 0,
           .mean = s.mean(unit),
           .variance = s.variance(unit),
           .mean_magnitude = s.mean_magnitude(unit),
           .minimum = s.minimum(unit),
           .maximum = s.maximum(unit),
           .not_finite = s.not_finite(unit),
           .structurally_silent = is_structurally_silent(layer, unit)});
      const UnitHealth& added = health.units.back();
      health.zero_share += added.zero_share / units;
      health.mean_magnitude += added.mean_magnitude / units;
      mean += added.mean / units;
      squares += (added.variance + added.mean * added.mean) / units;
    }
    health.variance = std::max(squares - mean * mean, 0.0);
    health.off_centre = squares > 0 ? mean / std::sqrt(squares) : 0;
    for (UnitHealth& unit : health.units)
      unit.dormancy_score = unit.mean_magnitude / (health.mean_magnitude + 1e-9);
    return health;
  }

  const Net& net_;
  std::vector<ObservedLayer> layers_;
  std::int64_t histogram_images_;  // of each share
  // By node: the layer whose values, and whose saturation, are seen in its output; their number for none.
  std::vector<std::size_t> output_of_, slope_of_;
  std::vector<std::vector<LayerCount>> counts_;  // by share and layer
};

LayerGradient gradient_of(const Net::Node& node, const Parameter& weight, const float* gradients,
                          const float* weights, double batches, double rate) {
  LayerGradient result{.name = node.name};
  double squares = 0;
  double magnitudes = 0;
  std::int64_t zeros = 0;
  for (std::size_t i = weight.offset; i < weight.offset + weight.size(); ++i) {
    const double gradient = static_cast<double>(gradients[i]) / batches;
    result.weight_magnitude += std::abs(static_cast<double>(weights[i]));
    if (!std::isfinite(gradient)) {
      ++result.not_finite;
      continue;
    }
    squares += gradient * gradient;
    magnitudes += std::abs(gradient);
    zeros += gradient == 0 ? 1 : 0;
  }
  const auto count = static_cast<double>(weight.size());
  result.norm = std::sqrt(squares);
  result.mean_magnitude = magnitudes / count;
  result.zero_share = static_cast<double>(zeros) / count;
  result.weight_magnitude /= count;
  if (rate > 0 && result.weight_magnitude > 0)
    result.update_ratio = rate * result.mean_magnitude / result.weight_magnitude;
  return result;
}

// Of the mean loss over some batches, drawn from all images: some data come class by class.
void measure_gradients(const Net& net, const std::shared_ptr<const Dataset>& data, const ModelInfo& info,
                       const InspectOptions& options, const EvaluationCallbacks& callbacks,
                       Inspection& result) {
  Loader loader(data, info.normalisation,
                {.batch = options.batch, .target = info.target, .on_skip = callbacks.on_skip});
  Plan plan(net, {.batch = options.batch, .training = true, .kernels = options.kernels});
  Buffer gradients(net.parameters().size());
  const Loss loss = loss_by_name(net.spec().loss);
  const auto batches = std::min(static_cast<std::uint64_t>(options.gradient_batches), loader.batches());
  for (std::uint64_t i = 0; i < batches; ++i) {
    const Batch& images = loader.next();
    const float* scores = plan.forward(images.x.data(), images.size, {.running = {}, .seed = 0, .step = i});
    evaluate_loss(loss, scores, net.output().size(), {.labels = images.labels, .values = images.values},
                  plan.output_gradient());
    plan.backward(gradients.data());
    result.gradient_images += images.size;
  }
  for (const Net::Node& node : net.nodes()) {
    for (const Parameter& parameter : node.layer->parameters()) {
      if (parameter.trained && parameter.name == "weight" && node.layer->multiply_adds() > 0) {
        result.gradients.push_back(gradient_of(node, parameter, gradients.data(), net.parameters().data(),
                                               static_cast<double>(batches), options.rate));
      }
    }
  }
}

}  // namespace

Inspection inspect(const Net& net, const std::shared_ptr<const Dataset>& data, const ModelInfo& info,
                   const InspectOptions& options, const EvaluationCallbacks& callbacks) {
  check_fit(net, *data);
  const Loss loss = loss_by_name(net.spec().loss);
  Inference inference(net, options.batch, options.kernels, true);
  Observer observer(net, options, inference.shares());
  const Inference::Look look = [&](std::size_t share, const Plan::Made& made) { observer.look(share, made); };
  Inspection result;
  Loader loader(data, info.normalisation,
                {.batch = options.batch,
                 .shuffle = options.images > 0,
                 .target = info.target,
                 .threads = thread_count(),
                 .on_skip = callbacks.on_skip});
  bool broken_off = false;
  for (std::uint64_t i = 0; i < loader.batches() && !broken_off; ++i) {
    const Batch& images = loader.next();
    const std::int64_t count =
        options.images == 0 ? images.size : std::min(images.size, options.images - result.sum.images);
    if (count == 0) break;
    const float* scores = inference.forward(images.x.data(), count, look);
    const auto some = static_cast<std::size_t>(count);
    result.sum += evaluate_loss(loss, scores, net.output().size(),
                                {.labels = std::span(images.labels).first(some),
                                 .values = std::span(images.values).first(images.values.empty() ? 0 : some)},
                                nullptr);
    broken_off = callbacks.on_batch && !callbacks.on_batch(static_cast<std::size_t>(result.sum.images));
  }
  result.layers = observer.layers(info);
  if (!broken_off && options.gradient_batches > 0)
    measure_gradients(net, data, info, options, callbacks, result);
  return result;
}

}  // namespace halfwave
