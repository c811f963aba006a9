#include "halfwave/net/inference.h"

#include <algorithm>
#include <cassert>
#include <exception>

#include "halfwave/base/parallel.h"

namespace halfwave {
namespace {

// Images that go through the net together in one thread.
constexpr std::int64_t part = 16;

// Weights that each core had better not read by itself.
constexpr std::size_t many_weights = std::size_t{16} << 20;

// Shares that a batch is cut into; none where the threads work together on all of it.
std::int64_t share_count(const Net& net, std::int64_t batch) {
  const auto threads = static_cast<std::int64_t>(thread_count());
  const bool pays = batch >= threads && net.parameters().size() * sizeof(float) <= many_weights;
  return pays ? threads : 0;
}

// The largest number of images that the threads work on together: fewer than there are shares.
std::int64_t most_together(const Net& net, std::int64_t batch) {
  const std::int64_t count = share_count(net, batch);
  return count == 0 ? batch : std::max(count - 1, std::int64_t{1});
}

}  // namespace

Inference::Inference(const Net& net, std::int64_t batch)
    : net_(net),
      batch_(batch),
      together_(net, {.batch = most_together(net, batch)}),
      outputs_(net.output().size() * static_cast<std::size_t>(batch)) {
  const std::int64_t count = share_count(net, batch);
  for (std::int64_t i = 0; i < count; ++i) {
    shares_.emplace_back(net, PlanOptions{.batch = std::min((batch + count - 1) / count, part)});
  }
  errors_.resize(shares_.size());
}

void Inference::load() {
  together_.load();
  for (Plan& plan : shares_) plan.load();
}

const float* Inference::forward(const float* x, std::int64_t n) {
  assert(n >= 1 && n <= batch_);
  const auto count = static_cast<std::int64_t>(shares_.size());
  if (n < count || count == 0) return together_.forward(x, n);
  const std::size_t inputs = net_.input().size();
  const std::size_t outputs = net_.output().size();
  std::fill(errors_.begin(), errors_.end(), nullptr);
  parallel_for(shares_.size(), 1, [&](std::size_t begin, std::size_t end, int) {
    for (std::size_t share = begin; share < end; ++share) {
      try {
        const std::int64_t last = n * static_cast<std::int64_t>(share + 1) / count;
        for (std::int64_t first = n * static_cast<std::int64_t>(share) / count; first < last; first += part) {
          const auto from = static_cast<std::size_t>(first);
          const std::int64_t images = std::min(part, last - first);
          const float* y = shares_[share].forward(x + from * inputs, images);
          std::copy_n(y, static_cast<std::size_t>(images) * outputs, outputs_.data() + from * outputs);
        }
      } catch (...) {
        errors_[share] = std::current_exception();
      }
    }
  });
  for (const std::exception_ptr& error : errors_) {
    if (error) std::rethrow_exception(error);
  }
  return outputs_.data();
}

std::size_t Inference::arena_bytes() const {
  std::size_t bytes = together_.arena_bytes();
  for (const Plan& plan : shares_) bytes += plan.arena_bytes();
  return bytes;
}

void Inference::profile() {
  together_.profile();
  for (Plan& plan : shares_) plan.profile();
}

std::vector<StepCost> Inference::costs() const {
  std::vector<StepCost> sum = together_.costs();
  for (const Plan& plan : shares_) {
    const std::vector<StepCost> share = plan.costs();
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i].forward += share[i].forward / static_cast<double>(shares_.size());
    }
  }
  return sum;
}

}  // namespace halfwave
