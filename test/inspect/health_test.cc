// What an inspection says of units and gradients, against what layers of their own give, value by value.
#include "halfwave/inspect/health.h"

#include <algorithm>

#include "../net/net_testing.h"
#include "../train/sample_data.h"
#include "halfwave/base/parallel.h"
#include "halfwave/inspect/update_meter.h"
#include "halfwave/train/trainer.h"

namespace halfwave {
namespace {

const char* const observed_net = R"(
name = "observed"
input = [8, 8, 1]
activation = "relu"
layers = [
  { conv = 5, kernel = 3, pad = 1, name = "first" }, "batch_norm", "relu", { max_pool = 2 },
  { conv = 20, kernel = 3, name = "second" }, "tanh",
  { linear = 12, name = "third" }, "gelu",
  { linear = 9, name = "fourth" }, "softsign",
  { linear = 4, name = "last" },
]
)";

// The normalised images of the sample data's test part.
std::vector<float> images_of(const Dataset& data, const ModelInfo& info) {
  Loader loader(std::make_shared<SampleData>(data.size(), 2), info.normalisation,
                {.batch = static_cast<std::int64_t>(data.size()), .shuffle = false});
  const Batch& batch = loader.next();
  return {batch.x.data(), batch.x.data() + data.size() * data.shape().size()};
}

// All values of the unit that node `name`'s net gives for these images.
std::vector<double> values_of_unit(const std::vector<float>& y, std::size_t units, std::size_t unit) {
  std::vector<double> values;
  for (std::size_t i = unit; i < y.size(); i += units) values.push_back(static_cast<double>(y[i]));
  return values;
}

struct Reference {
  double zeros = 0, mean = 0, variance = 0, magnitude = 0;
};

Reference reference_of(const std::vector<double>& values) {
  Reference r;
  const auto count = static_cast<double>(values.size());
  for (const double value : values) {
    r.zeros += value == 0 ? 1 / count : 0;
    r.mean += value / count;
    r.magnitude += std::abs(value) / count;
  }
  for (const double value : values) r.variance += (value - r.mean) * (value - r.mean) / count;
  return r;
}

class Health : public testing::Test {
 protected:
  Health() : net_(net_of(observed_net)), data_(sample_data()), info_(describe_data(*data_.train)) {
    shake(net_, 3);
  }

  // The net up to a node, with this one's weights.
  std::vector<float> output_of(std::size_t node) {
    NetSpec spec = net_.spec();
    spec.layers.resize(node + 1);
    Net part(spec);
    std::copy_n(net_.parameters().begin(), part.parameters().size(), part.parameters().begin());
    std::copy_n(net_.state().begin(), part.state().size(), part.state().begin());
    Plan plan(part, {.batch = static_cast<std::int64_t>(data_.test->size()), .kernels = KernelChoice::dense});
    const std::vector<float> x = images_of(*data_.test, info_);
    const float* y = plan.forward(x.data(), static_cast<std::int64_t>(data_.test->size()));
    return {y, y + data_.test->size() * part.output().size()};
  }

  Net net_;
  DataPair data_;
  ModelInfo info_;
};

TEST_F(Health, AgreesWithTheValuesOfEachLayer) {
  const std::size_t nodes[] = {2, 5, 7, 9, 10};
  const char* const names[] = {"first", "second", "third", "fourth", "last"};
  const char* const kinds[] = {"conv", "conv", "linear", "linear", "linear"};
  const char* const activations[] = {"relu", "tanh", "gelu", "softsign", "linear"};
  for (const int threads : {1, 2}) {
    const ThreadScope scope(threads);
    const Inspection found = inspect(net_, data_.test, info_, {.batch = 32});
    EXPECT_EQ(found.sum.images, 100);
    ASSERT_EQ(found.layers.size(), std::size(nodes));
    for (std::size_t i = 0; i < std::size(nodes); ++i) {
      SCOPED_TRACE(names[i]);
      const LayerHealth& layer = found.layers[i];
      EXPECT_EQ(layer.name, names[i]);
      EXPECT_EQ(layer.kind, kinds[i]);
      EXPECT_EQ(layer.activation, activations[i]);
      const std::vector<float> y = output_of(nodes[i]);
      const auto units = static_cast<std::size_t>(net_.nodes()[nodes[i]].shape.channels);
      ASSERT_EQ(layer.units.size(), units);
      const Reference all = reference_of({y.begin(), y.end()});
      EXPECT_NEAR(layer.mean_magnitude, all.magnitude, other_order * all.magnitude);
      EXPECT_NEAR(layer.variance, all.variance, 4 * other_order * all.variance);
      EXPECT_NEAR(layer.zero_share, all.zeros, 2.0 / static_cast<double>(y.size()));
      EXPECT_NEAR(layer.off_centre, all.mean / std::sqrt(all.variance + all.mean * all.mean), 1e-4);
      Histogram sum;
      for (std::size_t unit = 0; unit < units; ++unit) {
        const Reference r = reference_of(values_of_unit(y, units, unit));
        EXPECT_NEAR(layer.units[unit].mean, r.mean, 1e-4 * all.magnitude);
        EXPECT_NEAR(layer.units[unit].mean_magnitude, r.magnitude, 1e-4 * all.magnitude);
        EXPECT_NEAR(layer.units[unit].variance, r.variance, 1e-4 * all.variance);
        EXPECT_NEAR(layer.units[unit].dormancy_score, r.magnitude / all.magnitude, 1e-4);
        EXPECT_EQ(layer.units[unit].not_finite, 0);
        EXPECT_NEAR(layer.units[unit].off_centre, r.mean / std::sqrt(r.variance + r.mean * r.mean + 1e-30),
                    1e-3);
        // Values near the ends of octaves may lie on either side of them: kernels sum in other orders.
        Histogram expected;
        for (const double value : values_of_unit(y, units, unit)) expected.add(static_cast<float>(value));
        const Histogram& counted = layer.units[unit].histogram;
        EXPECT_NEAR(static_cast<double>(counted.small), static_cast<double>(expected.small), 2);
        for (std::size_t k = 0; k < Histogram::octaves; ++k) {
          EXPECT_NEAR(static_cast<double>(counted.negative[k]), static_cast<double>(expected.negative[k]), 2);
          EXPECT_NEAR(static_cast<double>(counted.positive[k]), static_cast<double>(expected.positive[k]), 2);
        }
        sum += counted;
      }
      EXPECT_EQ(sum.small, layer.histogram.small);
      EXPECT_EQ(sum.negative, layer.histogram.negative);
      EXPECT_EQ(sum.positive, layer.histogram.positive);
      std::int64_t counted = layer.histogram.small;
      for (std::size_t k = 0; k < Histogram::octaves; ++k)
        counted += layer.histogram.negative[k] + layer.histogram.positive[k];
      EXPECT_EQ(counted, static_cast<std::int64_t>(y.size()));
    }
  }
}

// From y, as backward has it: tanh's slope is 1 - y^2, that of softsign (1 - |y|)^2. gelu is not flat on both
// sides.
TEST_F(Health, CountsSaturation) {
  for (const Net::Tensor& tensor : net_.tensors()) {
    if (tensor.name == "second.weight" || tensor.name == "fourth.weight") {
      for (float& weight : tensor.values) weight *= tensor.name == "second.weight" ? 1.5F : 500.0F;
    }
  }
  const Inspection found = inspect(net_, data_.test, info_, {.batch = 50});
  const auto expect_shares = [&](std::size_t layer, std::size_t node, auto slope) {
    const std::vector<float> y = output_of(node);
    const std::vector<UnitHealth>& units = found.layers[layer].units;
    EXPECT_TRUE(found.layers[layer].saturates);
    std::size_t more = 0;
    std::size_t less = 0;
    for (std::size_t unit = 0; unit < units.size(); ++unit) {
      const std::vector<double> values = values_of_unit(y, units.size(), unit);
      const auto flat =
          std::count_if(values.begin(), values.end(), [&](double value) { return slope(value) < 1e-7; });
      const double share = static_cast<double>(flat) / static_cast<double>(values.size());
      // Sums in another order may round another way: some values at the line.
      EXPECT_NEAR(units[unit].saturated_share, share, 0.021);
      more += share > 0.1 ? 1 : 0;
      less += share < 0.9 ? 1 : 0;
    }
    EXPECT_TRUE(more > 0 && less > 0) << "this net shows little";
  };
  expect_shares(1, 5, [](double y) { return 1 - y * y; });
  expect_shares(3, 9, [](double y) { return (1 - std::abs(y)) * (1 - std::abs(y)); });
  EXPECT_FALSE(found.layers[0].saturates);
  EXPECT_FALSE(found.layers[2].saturates);
}

TEST_F(Health, CountsImagesInWhichAUnitIsActive) {
  const Inspection found = inspect(net_, data_.test, info_);
  const std::vector<float> y = output_of(2);
  for (std::size_t unit = 0; unit < 5; ++unit) {
    int active = 0;
    for (std::size_t image = 0; image < 100; ++image) {
      bool any = false;
      for (std::size_t i = unit; i < 64 * 5; i += 5) any = any || y[image * 320 + i] != 0;
      active += any ? 1 : 0;
    }
    EXPECT_NEAR(found.layers[0].units[unit].active_share, active / 100.0, 0.011) << unit;
  }
}

// The mean over batches of what a training plan of its own gives.
TEST(HealthGradient, IsThatOfTheMeanLoss) {
  Net net = net_of(
      "input = [8, 8, 1]\nlayers = [ { conv = 4, kernel = 3 }, 'relu', { linear = 6 }, 'tanh', { linear = 4 "
      "} ]");
  shake(net, 5);
  const DataPair data = sample_data();
  const ModelInfo info = describe_data(*data.train);
  const Inspection found = inspect(
      net, data.test, info, {.gradient_batch = 100, .training = TrainOptions{.rate = 0.5, .momentum = 0}});
  EXPECT_EQ(found.gradient_images, 100);
  Plan plan(net, {.batch = 100, .training = true});
  const std::vector<float> x = images_of(*data.test, info);
  std::vector<int> labels;
  for (std::size_t i = 0; i < 100; ++i) labels.push_back(data.test->label(i));
  const float* scores = plan.forward(x.data(), 100);
  evaluate_loss(Loss::softmax_cross_entropy, scores, 4, {.labels = labels}, plan.output_gradient());
  Buffer gradients(net.parameters().size());
  plan.backward(gradients.data());
  ASSERT_EQ(found.gradients.size(), 3U);
  std::size_t layer = 0;
  for (const Net::Tensor& tensor : net.tensors()) {
    if (tensor.parameter->name != "weight") continue;
    const LayerGradient& of = found.gradients[layer++];
    EXPECT_EQ(of.name + ".weight", tensor.name);
    double squares = 0;
    double magnitude = 0;
    double weights = 0;
    std::vector<double> sorted;
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      const auto g = static_cast<double>(gradients[tensor.parameter->offset + i]);
      squares += g * g;
      sorted.push_back(g);
      magnitude += std::abs(g) / static_cast<double>(tensor.values.size());
      weights += std::abs(static_cast<double>(tensor.values[i])) / static_cast<double>(tensor.values.size());
    }
    // The images come in another order.
    EXPECT_NEAR(of.norm, std::sqrt(squares), 1e-4 * std::sqrt(squares));
    EXPECT_NEAR(of.mean_magnitude, magnitude, 1e-4 * magnitude);
    EXPECT_NEAR(of.weight_magnitude.value(), weights, 1e-6);
    EXPECT_NEAR(of.update_ratio.value(), 0.5 * magnitude / weights, 1e-4 * magnitude / weights);
    std::sort(sorted.begin(), sorted.end());
    const auto percentile = [&](double share) {
      return sorted[static_cast<std::size_t>(std::lround(share * static_cast<double>(sorted.size() - 1)))];
    };
    EXPECT_NEAR(of.spread.value(), percentile(0.95) - percentile(0.05), 1e-3 * magnitude);
  }
  EXPECT_NEAR(found.gradient_ratio().value(), found.gradients[0].norm / found.gradients[2].norm, 1e-9);
}

// Batch statistics, which a net that has not learned needs to be told of: its running ones are 0 and 1.
TEST_F(Health, AsInTrainingIsWithTheStatisticsOfTheBatch) {
  Net net = net_of(
      "input = [8, 8, 1]\nlayers = [ { conv = 4, kernel = 3 }, { batch_norm = 1e-5, name = 'norm' }, 'tanh', "
      "{ linear = 4 } ]");
  net.initialise(1);
  for (float& weight : net.parameters().first(4 * 9)) weight *= 1000;  // of the convolution
  const Inspection found =
      inspect(net, data_.test, info_, {.gradient_batches = 2, .gradient_batch = 50, .as_in_training = true});
  EXPECT_EQ(found.sum.images, 100);
  EXPECT_EQ(found.gradient_images, 100);
  for (const UnitHealth& unit : found.layers[0].units) EXPECT_LT(unit.saturated_share, 0.01);
  const Inspection blind = inspect(net, data_.test, info_, {.gradient_batches = 0});
  for (const UnitHealth& unit : blind.layers[0].units) EXPECT_GT(unit.saturated_share, 0.5);
}

// Adam's first step is of the size of its rate wherever there is a gradient (Kingma and Ba 2015,
// section 2.1).
TEST(UpdateMeter, KnowsTheOptimiser) {
  Net net =
      net_of("input = [1, 1, 3]\nlayers = [ { linear = 2, name = 'one' }, { linear = 2, name = 'two' } ]");
  net.initialise(1);
  const auto ratios = [&](const TrainOptions& options, int steps) {
    UpdateMeter meter(net, options);
    for (int i = 0; i < steps; ++i) {
      Buffer gradients(net.parameters().size());
      std::fill(gradients.span().begin(), gradients.span().end(), 0.25F);
      meter.add(gradients.span());
    }
    return meter.ratios();
  };
  const std::vector<WeightTensor> weights = weight_tensors(net);
  ASSERT_EQ(weights.size(), 2U);
  EXPECT_EQ(weights[1].name, "two");
  for (const OptimiserKind kind : {OptimiserKind::adam, OptimiserKind::adamw}) {
    const auto found = ratios({.optimiser = kind, .rate = 0.01}, 3);
    for (std::size_t i = 0; i < 2; ++i)
      EXPECT_NEAR(found[i].value(), 0.01 / mean_magnitude(weights[i].values), 1e-4 * found[i].value());
  }
  // With momentum 0.5 the steps are 1, 1.5 and 1.75 times the first.
  const auto sgd = ratios({.rate = 0.1, .momentum = 0.5, .nesterov = false, .weight_decay = 0.1}, 3);
  EXPECT_NEAR(sgd[0].value(), 0.1 * 0.25 * (1 + 1.5 + 1.75) / 3 / mean_magnitude(weights[0].values),
              1e-6 * sgd[0].value());
  const auto frozen = ratios({.rate = 0.1, .momentum = 0, .freeze = "one"}, 1);
  EXPECT_FALSE(frozen[0].has_value());
  EXPECT_GT(frozen[1].value(), 0);
}

TEST_F(Health, LooksAtSomeImagesIfAsked) {
  const Inspection found =
      inspect(net_, data_.test, info_, {.batch = 16, .images = 40, .gradient_batches = 0});
  EXPECT_EQ(found.sum.images, 40);
  EXPECT_TRUE(found.gradients.empty());
  EXPECT_FALSE(found.gradient_ratio().has_value());
  std::size_t batches = 0;
  const Inspection broken_off = inspect(net_, data_.test, info_, {.batch = 16},
                                        {.on_batch = [&](std::size_t) { return ++batches < 2; }});
  EXPECT_EQ(broken_off.sum.images, 32);
  EXPECT_TRUE(broken_off.gradients.empty());
}

// A sum is the layer of a residual block's end; what is added counts with it.
TEST(HealthLayer, OfNetsWithBranches) {
  Net net = net_of(R"(
input = [8, 8, 1]
layers = [
  { conv = 4, kernel = 3, pad = 1, name = "stem" }, { layer = "relu", name = "start" },
  { conv = 4, kernel = 3, pad = 1, name = "inner" }, "batch_norm",
  { add = ["batch_norm1", "start"], name = "sum" }, "relu",
  { linear = 4, name = "end" }, "softmax",
])");
  net.initialise(1);
  const DataPair data = sample_data();
  const Inspection found = inspect(net, data.test, describe_data(*data.train));
  std::vector<std::string> layers;
  for (const LayerHealth& layer : found.layers)
    layers.push_back(layer.name + " " + layer.kind + " " + layer.activation);
  EXPECT_EQ(layers, (std::vector<std::string>{"stem conv relu", "sum add relu", "end linear softmax"}));
}

TEST(Histogram, SortsByMagnitude) {
  Histogram h;
  for (const float value : {0.0F, 0.0009F, -0.0005F}) h.add(value);
  h.add(1.0F / 1024);
  h.add(-1.5F);
  h.add(std::numeric_limits<float>::infinity());
  h.add(std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(h.small, 3);
  EXPECT_EQ(h.positive[0], 1);
  EXPECT_EQ(h.negative[10], 1);
  EXPECT_EQ(h.positive[Histogram::octaves - 1], 1);
}

}  // namespace
}  // namespace halfwave
