// The exponential moving average of a net's values over the steps of its training (Polyak and Juditsky 1992;
// Tarvainen and Valpola 2017), which often tests better than the last values themselves.
#pragma once

#include <cstdint>

#include "halfwave/net/net.h"

namespace halfwave {

class AveragedNet {
 public:
  // Starts with the net's own values.
  explicit AveragedNet(const Net& net);

  // Takes in the net's values, running statistics too, after `count` updates (from 1): average = d average +
  // (1 - d) value, with d = min(decay, (1 + count) / (10 + count)), so that the first values are soon
  // forgotten.
  void take_in(const Net& net, double decay, std::uint64_t count);

  Net& net() { return net_; }

 private:
  Net net_;
};

}  // namespace halfwave
