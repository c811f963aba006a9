// Options that are known to be good for a net and a kind of data: what `halfwave train` starts with.
#pragma once

#include <string>

#include "halfwave/data/dataset.h"
#include "halfwave/net/spec.h"
#include "halfwave/train/options.h"

namespace halfwave {

struct Recipe {
  std::string name;  // "cifar-quick on many colour pictures of 32x32"; empty where none is known
  TrainOptions options;
};

// The measured ones (doc/measured.md), else the options' defaults.
Recipe recipe_for(const NetSpec& net, const Dataset& data);

}  // namespace halfwave
