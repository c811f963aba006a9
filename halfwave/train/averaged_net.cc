#include "halfwave/train/averaged_net.h"

#include <algorithm>

#include "halfwave/kernel/elementwise.h"

namespace halfwave {
namespace {

void move_towards(std::span<float> average, std::span<const float> values, float share) {
  kernel::over_blocks(values.size(), [&](std::size_t begin, std::size_t size) {
    for (std::size_t i = begin; i < begin + size; ++i) average[i] += share * (values[i] - average[i]);
  });
}

}  // namespace

AveragedNet::AveragedNet(const Net& net) : net_(net.spec()) {
  std::copy(net.parameters().begin(), net.parameters().end(), net_.parameters().begin());
  std::copy(net.state().begin(), net.state().end(), net_.state().begin());
}

void AveragedNet::take_in(const Net& net, double decay, std::uint64_t count) {
  const auto n = static_cast<double>(count);
  const auto share = static_cast<float>(1 - std::min(decay, (1 + n) / (10 + n)));
  move_towards(net_.parameters(), net.parameters(), share);
  move_towards(net_.state(), net.state(), share);
}

}  // namespace halfwave
