#include "halfwave/tool/training_display.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "halfwave/base/table.h"

namespace halfwave::tool {
namespace {

std::string optimiser_text(const TrainOptions& t) {
  switch (t.optimiser) {
    case OptimiserKind::sgd:
      return fmt::format("sgd, momentum {}{}", t.momentum, t.nesterov ? " (Nesterov)" : "");
    case OptimiserKind::rmsprop:
      return fmt::format("rmsprop, alpha {}, momentum {}", t.alpha, t.momentum);
    default:
      return fmt::format("{}, beta {} and {}", to_string(t.optimiser), t.beta1, t.beta2);
  }
}

std::string recipe_text(const TrainOptions& t) {
  std::string text = fmt::format(
      "{}, rate {}, {} schedule, warm-up {:.0f} %, weight decay {}, batch {}, {} epochs, seed {}, {} "
      "thread{}",
      optimiser_text(t), t.rate, to_string(t.schedule), t.warm_up * 100, t.weight_decay, t.batch, t.epochs,
      t.seed, t.threads, t.threads == 1 ? "" : "s");
  if (!t.augment.empty()) text += ", augment " + t.augment;
  if (t.label_smoothing > 0) text += fmt::format(", label smoothing {}", t.label_smoothing);
  if (t.clip_norm > 0) text += fmt::format(", clip norm {}", t.clip_norm);
  if (t.balance_classes) text += ", classes balanced";
  if (t.average > 0) text += fmt::format(", weights averaged by {}", t.average);
  if (!t.fresh.empty()) text += fmt::format(", {} beginning anew", t.fresh);
  if (!t.freeze.empty()) text += fmt::format(", {} frozen", t.freeze);
  if (t.old_rate != 1) text += fmt::format(", rate of old layers x {}", t.old_rate);
  if (t.revive > 0)
    text += fmt::format(", units dead for {} epoch{} begin anew", t.revive, t.revive == 1 ? "" : "s");
  if (t.patience > 0) text += fmt::format(", patience {}", t.patience);
  return text;
}

}  // namespace

void describe_training(const Net& net, const DataPair& data, const TrainOptions& t) {
  fmt::print("{} ({} parameters, hidden activation {}) on {} ({} + {} {}, {}; {})\n", net.spec().name,
             count_text(net.parameter_count()), net.spec().activation, data.name,
             count_text(data.train->size()), count_text(data.test->size()),
             data.train->table() != nullptr ? "rows" : "images", to_string(data.train->shape()), data.kind);
  if (data.kept_bytes < data.all_bytes) {
    fmt::print(
        "{} of {} of decoded pictures are kept in memory, the others decoded in each epoch (--cache)\n",
        bytes_text(data.kept_bytes), bytes_text(data.all_bytes));
  }
  for (const std::string& note : data.notes) fmt::print("note: {}\n", note);
  fmt::print("{}\n", recipe_text(t));
  for (const std::string& warning : net.warnings()) fmt::print(stderr, "warning: {}\n", warning);
}

std::string TrainingDisplay::quality_text(double value) const {
  return regression_ ? fmt::format("{:.4f}", value) : fmt::format("{:.2f} %", value * 100);
}

void TrainingDisplay::head() const {
  fmt::print("{:>5}  {:>10}  {:>14}  {:>9}  {:>13}  {:>8}  {:>8}  {:>8}  {:>8}\n", "epoch", "train loss",
             regression_ ? "train R2" : "train accuracy", "test loss",
             regression_ ? "test R2" : "test accuracy", "rate", regression_ ? "rows/s" : "images/s",
             "waiting", "time");
  std::fflush(stdout);
}

void TrainingDisplay::epoch(const EpochResult& r, std::size_t images) {
  bar_.clear();
  fmt::print("{:>5}  {:>10.4f}  {:>14}  {:>9.4f}  {:>13}  {:>8.2g}  {:>8.0f}  {:>6.1f} %  {:>8}{}\n", r.epoch,
             r.train_loss, quality_text(r.train_accuracy), r.test_loss, quality_text(r.test_accuracy), r.rate,
             static_cast<double>(images) / std::max(r.seconds, 1e-9),
             100 * r.waited / std::max(r.seconds, 1e-9), duration_text(r.seconds), r.best ? "  best" : "");
  std::fflush(stdout);
}

void TrainingDisplay::step(const Progress& p) {
  images_ += p.images;
  ++steps_;
  const double elapsed = seconds_now() - start_;
  const auto left =
      static_cast<double>(p.batches) * static_cast<double>(p.epochs) -
      (static_cast<double>(p.epoch) * static_cast<double>(p.batches) + static_cast<double>(p.batch));
  bar_.show(fmt::format("epoch {}/{}", p.epoch + 1, p.epochs),
            static_cast<double>(p.batch) / static_cast<double>(p.batches),
            fmt::format("loss {:.4f}  {}  {:.0f} {}/s  {} left{}", p.sum.mean_loss(),
                        regression_ ? fmt::format("R2 {:.3f}", p.sum.explained())
                                    : fmt::format("accuracy {:.1f} %", p.sum.accuracy() * 100),
                        static_cast<double>(images_) / elapsed, regression_ ? "rows" : "images",
                        duration_text(elapsed / static_cast<double>(steps_) * left), fault_));
}

void TrainingDisplay::faults(std::uint64_t epoch, const std::vector<Finding>& found) {
  fault_ = found.empty() ? std::string() : "  ! " + found.front().what;
  for (const Finding& finding : found) {
    if (!told_.insert(finding.rule + " " + finding.layer).second) continue;
    bar_.clear();
    fmt::print("       ! {} (epoch {}): {}\n", finding.what, epoch + 1, finding.advice);
    std::fflush(stdout);
  }
}

void TrainingDisplay::revived(const EpochHealth& health) {
  for (const LayerWatch& layer : health.layers) {
    if (layer.revived > 0)
      fmt::print("       + {}: {} of {} units begin anew\n", layer.name, layer.revived, layer.units);
  }
  std::fflush(stdout);
}

void TrainingDisplay::test(std::uint64_t epoch, std::size_t images, std::size_t all) {
  bar_.show(fmt::format("testing epoch {}", epoch + 1),
            static_cast<double>(images) / static_cast<double>(all),
            fmt::format("{} images", count_text(images)));
}

}  // namespace halfwave::tool
