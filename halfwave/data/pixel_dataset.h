// Labelled pictures of one size, held in memory as bytes. Leaves out everything that changes a picture.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "halfwave/data/dataset.h"

namespace halfwave {

class PixelDataset : public Dataset {
 public:
  // pixels: labels.size() (> 0) pictures of the shape one after another, each value from 0 (black) to 255;
  // labels below classes.size().
  PixelDataset(const Shape& shape, std::vector<std::uint8_t> pixels, std::vector<std::uint8_t> labels,
               std::vector<std::string> classes);

  std::size_t size() const override { return labels_.size(); }
  Shape shape() const override { return shape_; }
  void get(std::size_t i, float* values) const override;
  int label(std::size_t i) const override { return labels_[i]; }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::string fingerprint() const override { return fingerprint_; }

 private:
  Shape shape_;
  std::vector<std::uint8_t> pixels_;
  std::vector<std::uint8_t> labels_;
  std::vector<std::string> classes_;
  std::string fingerprint_;
};

}  // namespace halfwave
