#include "halfwave/net/inference.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "halfwave/base/parallel.h"
#include "halfwave/kernel/convolution.h"

namespace halfwave {
namespace {

// Images that go through the net together in one thread.
constexpr std::int64_t part = 16;

// Shares that a batch is cut into; none where the threads work together on all of it, so that not each has to
// read all weights from memory by itself.
std::int64_t share_count(const Net& net, std::int64_t batch) {
  const auto threads = static_cast<std::int64_t>(thread_count());
  const bool pays = threads > 1 ? batch >= threads : batch > part;
  return pays && net.parameters().size() * sizeof(float) <= kernel::cached_weight_bytes ? threads : 0;
}

// The next images to go through the net together, of those that are left. Few different numbers: for each,
// kernels are made and weights packed.
std::int64_t next_part(std::int64_t left) {
  return std::min(part, static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(left))));
}

}  // namespace

Inference::Inference(const Net& net, std::int64_t batch, KernelChoice kernels, bool shows_activations)
    : net_(net), batch_(batch), outputs_(net.output().size() * static_cast<std::size_t>(batch)) {
  const std::int64_t count = share_count(net, batch);
  const std::int64_t together = count == 0 ? batch : count - 1;
  const auto options = [&](std::int64_t images) {
    return PlanOptions{.batch = images, .kernels = kernels, .shows_activations = shows_activations};
  };
  if (together > 0) together_.emplace(net, options(together));
  for (std::int64_t i = 0; i < count; ++i)
    shares_.emplace_back(net, options(std::min((batch + count - 1) / count, part)));
}

void Inference::load() {
  if (together_) together_->load();
  for (Plan& plan : shares_) plan.load();
}

const float* Inference::forward(const float* x, std::int64_t n) { return forward(x, n, {}); }

const float* Inference::forward(const float* x, std::int64_t n, const Look& look) {
  assert(n >= 1 && n <= batch_);
  const auto look_of = [&](std::size_t share) -> Plan::Look {
    if (!look) return {};
    return [&look, share](const Plan::Made& made) { look(share, made); };
  };
  const auto count = static_cast<std::int64_t>(shares_.size());
  if (n < count || count == 0) return together_->forward(x, n, {}, look_of(0));
  const std::size_t inputs = net_.input().size();
  const std::size_t outputs = net_.output().size();
  parallel_for(shares_.size(), 1, [&](std::size_t begin, std::size_t end, int) {
    for (std::size_t share = begin; share < end; ++share) {
      const std::int64_t last = n * static_cast<std::int64_t>(share + 1) / count;
      std::int64_t images = 0;
      for (std::int64_t first = n * static_cast<std::int64_t>(share) / count; first < last; first += images) {
        const auto from = static_cast<std::size_t>(first);
        images = next_part(last - first);
        const float* y = shares_[share].forward(x + from * inputs, images, {}, look_of(share));
        std::copy_n(y, static_cast<std::size_t>(images) * outputs, outputs_.data() + from * outputs);
      }
    }
  });
  return outputs_.data();
}

std::size_t Inference::arena_bytes() const {
  std::size_t bytes = together_ ? together_->arena_bytes() : 0;
  for (const Plan& plan : shares_) bytes += plan.arena_bytes();
  return bytes;
}

void Inference::profile() {
  if (together_) together_->profile();
  for (Plan& plan : shares_) plan.profile();
}

std::vector<StepCost> Inference::costs() const {
  std::vector<StepCost> sum = together_ ? together_->costs() : shares_[0].costs();
  if (!together_) return sum;
  for (const Plan& plan : shares_) {
    const std::vector<StepCost> share = plan.costs();
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i].forward += share[i].forward / static_cast<double>(shares_.size());
      if (share[i].forward > 0) sum[i].forward_kernel = share[i].forward_kernel;
    }
  }
  return sum;
}

}  // namespace halfwave
