#include "halfwave/inspect/health.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "halfwave/base/parallel.h"
#include "halfwave/data/loader.h"
#include "halfwave/inspect/bounds.h"
#include "halfwave/inspect/observer.h"
#include "halfwave/inspect/update_meter.h"
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

Histogram& Histogram::operator+=(const Histogram& other) {
  for (std::size_t i = 0; i < octaves; ++i) {
    negative[i] += other.negative[i];
    positive[i] += other.positive[i];
  }
  small += other.small;
  return *this;
}

std::optional<double> Inspection::gradient_ratio() const {
  if (gradients.size() < 2 || gradients.back().norm == 0) return {};
  return gradients.front().norm / gradients.back().norm;
}

namespace {

// All pictures with values from 0 to 1, normalised.
Bounds picture_bounds(const Shape& shape, const Normalisation& normalisation) {
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

// Whether a unit gives 0 whatever comes in: its weights are 0, and its bias does not help it.
bool is_structurally_silent(const Net& net, const ObservedLayer& layer, std::size_t unit) {
  const Net::Node& maker = net.nodes()[layer.maker];
  // Nothing between the weights and the activation.
  if (layer.activation == nullptr || net.nodes()[layer.output].inputs[0] != layer.maker + 1) return false;
  double bias = 0;
  bool weights = false;
  for (const Parameter& parameter : maker.layer->parameters()) {
    const float* values = net.parameters().data() + parameter.offset;
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
std::vector<bool> are_silent(const std::optional<Bounds>& bounds, std::size_t units) {
  std::vector<bool> silent(units, bounds.has_value());
  for (std::size_t i = 0; bounds && i < bounds->low.size(); ++i) {
    if (bounds->low[i] != 0 || bounds->high[i] != 0) silent[i % units] = false;
  }
  return silent;
}

double centre(double mean, double mean_square) { return mean_square > 0 ? mean / std::sqrt(mean_square) : 0; }

LayerHealth health_of(const Net& net, const ObservedLayer& layer, const LayerCount& count) {
  const kernel::UnitStatistics& s = count.values;
  LayerHealth health{.name = net.nodes()[layer.maker].name,
                     .kind = net.nodes()[layer.maker].layer->type(),
                     .activation = layer.activation_text,
                     .saturates = layer.saturates(),
                     .can_rest = layer.can_rest()};
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
         .structurally_silent = is_structurally_silent(net, layer, unit)});
    UnitHealth& added = health.units.back();
    added.off_centre = centre(added.mean, added.variance + added.mean * added.mean);
    if (!count.histograms.empty()) added.histogram = count.histograms[unit];
    health.histogram += added.histogram;
    health.zero_share += added.zero_share / units;
    health.mean_magnitude += added.mean_magnitude / units;
    mean += added.mean / units;
    squares += (added.variance + added.mean * added.mean) / units;
  }
  health.variance = std::max(squares - mean * mean, 0.0);
  health.off_centre = centre(mean, squares);
  for (UnitHealth& unit : health.units)
    unit.dormancy_score = unit.mean_magnitude / (health.mean_magnitude + 1e-9);
  return health;
}

std::vector<LayerHealth> health_of(const Net& net, Observer& observer, const ModelInfo& info) {
  std::vector<LayerHealth> result;
  // What lies within the range of pictures. Tables have no range.
  std::vector<std::optional<Bounds>> bounds(net.nodes().size());
  if (!info.table) bounds = output_bounds(net, picture_bounds(net.input(), info.normalisation));
  for (std::size_t i = 0; i < observer.layers().size(); ++i) {
    const ObservedLayer& layer = observer.layers()[i];
    result.push_back(health_of(net, layer, observer.count(i)));
    const std::vector<bool> silent = are_silent(bounds[layer.output], result.back().units.size());
    for (std::size_t unit = 0; unit < silent.size(); ++unit)
      result.back().units[unit].certified_silent = silent[unit];
  }
  return result;
}

// Of the mean loss over some batches, drawn from all images: some data come class by class. look: at what
// these give; may be empty.
void measure_gradients(const Net& net, const std::shared_ptr<const Dataset>& data, const ModelInfo& info,
                       const InspectOptions& options, const EvaluationCallbacks& callbacks,
                       const Plan::Look& look, Inspection& result) {
  Loader loader(data, info.normalisation,
                {.batch = options.gradient_batch, .target = info.target, .on_skip = callbacks.on_skip});
  Plan plan(net, {.batch = options.gradient_batch, .training = true, .kernels = options.kernels});
  Buffer sum(net.parameters().size());
  Buffer gradients(net.parameters().size());
  std::optional<UpdateMeter> meter;
  if (options.training) meter.emplace(net, *options.training);
  const Loss loss = loss_by_name(net.spec().loss);
  const auto batches = std::min(static_cast<std::uint64_t>(options.gradient_batches), loader.batches());
  for (std::uint64_t i = 0; i < batches; ++i) {
    const Batch& images = loader.next();
    const float* scores =
        plan.forward(images.x.data(), images.size, {.running = {}, .seed = 0, .step = i}, look);
    const LossSum batch_loss =
        evaluate_loss(loss, scores, net.output().size(), {.labels = images.labels, .values = images.values},
                      plan.output_gradient());
    if (look) result.sum += batch_loss;
    plan.backward(gradients.data());
    for (std::size_t k = 0; k < sum.size(); ++k) sum.data()[k] += gradients.data()[k];
    if (meter) {
      meter->add(gradients.span());
    } else {
      std::fill(gradients.span().begin(), gradients.span().end(), 0.0F);
    }
    result.gradient_images += images.size;
  }
  const auto count = static_cast<double>(batches);
  result.gradients = layer_gradients(net, sum.data(), count);
  const std::vector<WeightTensor> weights = weight_tensors(net);
  const auto ratios = meter ? meter->ratios() : std::vector<std::optional<double>>(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    result.gradients[i].spread =
        percentile_spread(sum.span().subspan(weights[i].begin, weights[i].values.size()), count);
    result.gradients[i].weight_magnitude = mean_magnitude(weights[i].values);
    result.gradients[i].update_ratio = ratios[i];
  }
}

}  // namespace

Inspection inspect(const Net& net, const std::shared_ptr<const Dataset>& data, const ModelInfo& info,
                   const InspectOptions& options, const EvaluationCallbacks& callbacks) {
  check_fit(net, *data);
  Inspection result;
  if (options.as_in_training) {
    Observer observer(net, 1, options.histogram_images);
    measure_gradients(
        net, data, info, options, callbacks, [&](const Plan::Made& made) { observer.look(0, made); }, result);
    result.layers = health_of(net, observer, info);
    return result;
  }
  const Loss loss = loss_by_name(net.spec().loss);
  std::optional<Inference> inference(std::in_place, net, options.batch, options.kernels, true);
  const std::size_t shares = inference->shares();
  Observer observer(net, shares, options.histogram_images / static_cast<std::int64_t>(shares));
  const Inference::Look look = [&](std::size_t share, const Plan::Made& made) { observer.look(share, made); };
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
    const float* scores = inference->forward(images.x.data(), count, look);
    const auto some = static_cast<std::size_t>(count);
    result.sum += evaluate_loss(loss, scores, net.output().size(),
                                {.labels = std::span(images.labels).first(some),
                                 .values = std::span(images.values).first(images.values.empty() ? 0 : some)},
                                nullptr);
    broken_off = callbacks.on_batch && !callbacks.on_batch(static_cast<std::size_t>(result.sum.images));
  }
  result.layers = health_of(net, observer, info);
  inference.reset();  // its memory serves the gradients
  if (!broken_off && options.gradient_batches > 0)
    measure_gradients(net, data, info, options, callbacks, {}, result);
  return result;
}

}  // namespace halfwave
