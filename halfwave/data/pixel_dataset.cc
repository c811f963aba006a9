#include "halfwave/data/pixel_dataset.h"

#include <fmt/format.h>

#include <cassert>
#include <utility>

#include "halfwave/data/checksum.h"
#include "halfwave/data/image.h"

namespace halfwave {

PixelDataset::PixelDataset(const Shape& shape, std::vector<std::uint8_t> pixels,
                           std::vector<std::uint8_t> labels, std::vector<std::string> classes)
    : shape_(shape),
      pixels_(std::move(pixels)),
      labels_(std::move(labels)),
      classes_(std::move(classes)),
      fingerprint_(fmt::format("{}x{}x{}x{}-{:08x}-{:08x}", labels_.size(), shape_.height, shape_.width,
                               shape_.channels, checksum(pixels_.data(), pixels_.size()),
                               checksum(labels_.data(), labels_.size()))) {
  assert(pixels_.size() == labels_.size() * shape_.size());
}

void PixelDataset::get(std::size_t i, float* values) const {
  assert(i < size());
  to_values(pixels_.data() + i * shape_.size(), shape_.size(), values);
}

}  // namespace halfwave
