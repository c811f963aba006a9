// halfwave train --find-lr: tries which learning rates teach.
#pragma once

#include "halfwave/data/dataset.h"
#include "halfwave/net/net.h"
#include "halfwave/train/options.h"

namespace halfwave::tool {

// Prints the rates and draws NET-rates.svg in the folder where the tool runs. The net's weights are lost.
void find_rate(Net& net, const DataPair& data, const TrainOptions& options);

}  // namespace halfwave::tool
