#include "halfwave/inspect/pass_time.h"

#include <algorithm>
#include <deque>

#include "halfwave/base/clock.h"
#include "halfwave/data/loader.h"

namespace halfwave {
namespace {

constexpr int rounds = 7;  // the slow first one does not move a median
constexpr std::size_t kept_batches = 4;
constexpr double round_seconds = 0.03;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

class Timed {
 public:
  Timed(const Net& net, const TrainOptions& options, std::int64_t batch)
      : net_(net),
        options_(options),
        plan_(net, {.batch = batch, .training = true, .kernels = options.kernels}),
        gradients_(net.parameters().size()) {}

  void round(std::span<const Batch> batches) {
    double forward = 0;
    double backward = 0;
    double images = 0;
    while (forward + backward < round_seconds) {
      for (const Batch& batch : batches) {
        const double start = seconds_now();
        const float* scores =
            plan_.forward(batch.x.data(), batch.size, {.running = {}, .seed = options_.seed});
        const double middle = seconds_now();
        evaluate_loss(loss_by_name(net_.spec().loss), scores, net_.output().size(),
                      {.labels = batch.labels, .values = batch.values}, plan_.output_gradient());
        const double loss = seconds_now();
        plan_.backward(gradients_.data());
        forward += middle - start;
        backward += seconds_now() - loss;
        images += static_cast<double>(batch.size);
      }
    }
    forward_.push_back(forward / images);
    backward_.push_back(backward / images);
  }

  PassTime time() const { return {median(forward_), median(backward_)}; }

 private:
  const Net& net_;
  const TrainOptions& options_;
  Plan plan_;
  Buffer gradients_;
  std::vector<double> forward_, backward_;  // seconds an image, by round
};

}  // namespace

std::vector<PassTime> time_passes(std::span<const Net* const> nets, const DataPair& data,
                                  const ModelInfo& info, const TrainOptions& options) {
  const std::int64_t size = std::min(options.batch, static_cast<std::int64_t>(data.train->size()));
  Loader loader(data.train, info.normalisation, {.batch = size, .seed = options.seed, .target = info.target});
  std::vector<Batch> kept(kept_batches);
  for (Batch& batch : kept) {
    const Batch& next = loader.next();
    batch.size = next.size;
    batch.x = Buffer(next.x.span().size());
    std::copy(next.x.span().begin(), next.x.span().end(), batch.x.span().begin());
    batch.labels = next.labels;
    batch.values = next.values;
  }
  std::deque<Timed> timed;
  for (const Net* net : nets) timed.emplace_back(*net, options, size);
  for (int round = 0; round < rounds; ++round) {
    for (Timed& each : timed) each.round(kept);
  }
  std::vector<PassTime> times;
  times.reserve(timed.size());
  for (const Timed& each : timed) times.push_back(each.time());
  return times;
}

}  // namespace halfwave
