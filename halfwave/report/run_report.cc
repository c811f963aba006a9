#include "halfwave/report/run_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "halfwave/data/fit.h"
#include "halfwave/data/subset.h"
#include "halfwave/inspect/training_finding.h"

namespace halfwave {
namespace {

// Products that evaluation and gradients may take together, about: seconds on two cores.
constexpr double most_products = 7e11;
constexpr std::int64_t least_images = 24;
// Of a batch: of its pictures, of which some batches wait, and of a layer's output.
constexpr std::int64_t most_input_values = 1'000'000;
constexpr std::int64_t most_layer_values = 8'000'000;
constexpr std::size_t most_confusions = 6;
constexpr std::size_t most_examples = 8;  // of each
constexpr double gradient_cost = 4;       // of an image, forward and backward, in images of inference

struct Mistake {
  std::size_t example = 0;
  float margin = 0;  // between the score of the class that was named and that of the true one
};

// What the net takes for what, and the first example it names right.
class Seen {
 public:
  void take(const Batch& batch, const float* scores, std::size_t classes) {
    for (std::size_t n = 0; n < batch.labels.size(); ++n) {
      const float* row = scores + n * classes;
      const auto label = static_cast<std::size_t>(batch.labels[n]);
      const auto named = static_cast<std::size_t>(std::max_element(row, row + classes) - row);
      if (named == label) {
        right_ = right_ ? right_ : std::optional<std::size_t>(batch.examples[n]);
      } else {
        mistakes_[{label, named}].push_back({batch.examples[n], row[named] - row[label]});
      }
    }
  }

  std::optional<std::size_t> first_right() const { return right_; }
  std::vector<Confusion> worst(const Dataset& data) {
    std::vector<Confusion> all;
    for (auto& [pair, mistakes] : mistakes_) {
      std::stable_sort(mistakes.begin(), mistakes.end(),
                       [](const Mistake& a, const Mistake& b) { return a.margin > b.margin; });
      all.push_back({pair.first, pair.second, static_cast<std::int64_t>(mistakes.size())});
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Confusion& a, const Confusion& b) { return a.count > b.count; });
    all.resize(std::min(all.size(), most_confusions));
    for (Confusion& confusion : all) {
      const auto& mistakes = mistakes_[{confusion.truth, confusion.taken_for}];
      for (std::size_t i = 0; i < std::min(mistakes.size(), most_examples); ++i)
        confusion.examples.push_back(thumbnail(picture(data, mistakes[i].example), example_side));
    }
    return all;
  }

  static Image picture(const Dataset& data, std::size_t example) {
    const Shape shape = data.shape();
    std::vector<float> values(shape.size());
    data.get(example, values.data());
    Image image{shape.height, shape.width, shape.channels, std::vector<std::uint8_t>(shape.size())};
    to_bytes(values.data(), values.size(), image.pixels.data());
    return image;
  }

 private:
  std::map<std::pair<std::size_t, std::size_t>, std::vector<Mistake>> mistakes_;
  std::optional<std::size_t> right_;
};

// Images at a time.
std::int64_t batch_for(const Net& net) {
  std::size_t largest = 1;
  for (const Net::Node& node : net.nodes()) largest = std::max(largest, node.shape.size());
  return std::clamp<std::int64_t>(std::min(most_input_values / static_cast<std::int64_t>(net.input().size()),
                                           most_layer_values / static_cast<std::int64_t>(largest)),
                                  1, 64);
}

bool are_pictures(const Dataset& data) {
  return data.table() == nullptr && (data.shape().channels == 1 || data.shape().channels == 3);
}

}  // namespace

std::vector<ShownLayer> maps_of(const Model& model, const Image& picture, const Inspection& inspection,
                                const Thresholds& thresholds) {
  const Image fitted = fit(picture, model.net.input());
  std::vector<float> x(fitted.pixels.size());
  to_values(fitted.pixels.data(), x.size(), x.data());
  Normaliser(model.info.normalisation, fitted.channels).apply(x.data(), model.net.input().pixels());
  std::vector<ShownLayer> shown;
  for (LayerMaps& maps : layer_maps(model.net, x)) {
    ShownLayer& layer = shown.emplace_back();
    for (const LayerHealth& health : inspection.layers) {
      if (health.name == maps.name) layer.dead = dead_units(health, thresholds);
    }
    layer.maps = std::move(maps);
  }
  return shown;
}

RunReport report_on(const Model& model, const std::shared_ptr<const Dataset>& data,
                    const std::string& data_name, const ReportOptions& options) {
  check_fit(model.net, *data);
  RunReport report{.name = model.net.spec().name,
                   .data = data_name,
                   .history = options.history,
                   .parameters = model.net.parameter_count(),
                   .multiply_adds = model.net.multiply_adds(),
                   .info = model.info,
                   .all_images = data->size(),
                   .thresholds = options.thresholds,
                   .rules = options.rules};
  const double affordable =
      most_products / static_cast<double>(std::max<std::int64_t>(report.multiply_adds, 1));
  const std::int64_t images =
      options.images > 0 ? options.images
                         : std::max(static_cast<std::int64_t>(std::min(affordable / 2, 1e9)), least_images);
  const auto some = some_of(data, static_cast<std::size_t>(images));
  const auto progress = [&](const char* doing) {
    return [&, doing](std::size_t done) {
      return !options.progress ||
             options.progress(doing, static_cast<double>(done) / static_cast<double>(some->size()));
    };
  };
  const std::int64_t batch = std::min(batch_for(model.net), static_cast<std::int64_t>(some->size()));
  Seen seen;
  {
    Inference inference(model.net, batch, options.kernels);
    report.evaluation = evaluate(model.net, inference, some, model.info,
                                 {.on_batch = progress("evaluating"),
                                  .on_scores =
                                      [&](const Batch& images_of_it, const float* scores) {
                                        seen.take(images_of_it, scores, model.net.output().size());
                                      },
                                  .on_skip = options.on_skip});
  }
  const auto gradient_images = static_cast<std::int64_t>(affordable / 2 / gradient_cost);
  InspectOptions how{.batch = batch, .training = options.training, .kernels = options.kernels};
  how.gradient_batch = std::min({how.gradient_batch, batch, std::max<std::int64_t>(gradient_images, 4)});
  how.gradient_batches =
      std::clamp<std::int64_t>(gradient_images / how.gradient_batch, 1, how.gradient_batches);
  report.inspection = inspect(model.net, some, model.info, how,
                              {.on_batch = progress("inspecting"), .on_skip = options.on_skip});
  report.findings = find_faults(report.inspection, report.history, options.rules, options.thresholds);
  if (!are_pictures(*data)) return report;
  report.confusions = seen.worst(*some);
  if (!seen.first_right()) return report;
  const std::size_t shown = *seen.first_right();
  report.example = Seen::picture(*some, shown);
  report.example_text =
      fmt::format("{}, {}", model.info.classes[static_cast<std::size_t>(some->label(shown))],
                  std::filesystem::path(some->name(shown)).filename().string());
  report.maps = maps_of(model, report.example, report.inspection, options.thresholds);
  return report;
}

}  // namespace halfwave
