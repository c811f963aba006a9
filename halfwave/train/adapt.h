// Makes a net's text fit data that it was not written for.
#pragma once

#include "halfwave/data/dataset.h"
#include "halfwave/net/spec.h"

namespace halfwave {

// The net with the data's shape as its input and, if its last layer is linear, with as many outputs as the
// data have classes; where a number is to be learned, with one, and the loss mean_squared_error unless it has
// huber.
NetSpec adapted(NetSpec spec, const Dataset& data);

}  // namespace halfwave
