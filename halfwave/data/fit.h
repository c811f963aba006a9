// Brings an image to the size and channels that a network takes, as is usual for photographs:
// scaled until it covers the network's input, then cropped around the centre; for training also from any
// part.
#pragma once

#include "halfwave/data/image.h"
#include "halfwave/tensor/shape.h"

namespace halfwave {

// An image of exactly this height, width and channels. Grey becomes colour by repetition; colour becomes grey
// by luma, 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601). One factor scales both sides, so nothing is
// distorted; of the longer side the same amount is cut off at both ends. Enlarging interpolates linearly;
// shrinking widens the same triangle by the factor, so that every source pixel counts and nothing aliases. An
// image that fits already stays as it is. Error when the shape has neither 1 nor 3 channels.
Image fit(const Image& image, const Shape& shape);

// The same with this part of the image instead of the middle, and stretched where its sides differ from the
// shape's.
Image fit_part(const Image& image, const PicturePart& part, const Shape& shape);

// The whole image, made smaller where its longer side has more pixels than this.
Image thumbnail(const Image& image, std::int64_t side);

}  // namespace halfwave
