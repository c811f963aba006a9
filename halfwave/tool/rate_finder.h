// halfwave train --find-lr: tries which learning rates teach.
#pragma once

#include <string>

#include "halfwave/train/trainer.h"

namespace halfwave::tool {

// Prints the rates and draws NET-rates.svg in the folder where the tool runs; data is what the user calls the
// data. The trainer and its net have then served.
void find_rate(Trainer& trainer, const std::string& data);

}  // namespace halfwave::tool
