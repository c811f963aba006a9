// What every source of examples looks like, whatever its format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "halfwave/tensor/shape.h"

namespace halfwave {

// A fixed set of labelled examples of one shape. Const functions are thread-safe.
class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual std::size_t size() const = 0;  // number of examples, > 0
  virtual Shape shape() const = 0;       // of every example

  // Writes example i (0 <= i < size()), shape().size() values: a picture as height x width x channels values
  // from 0 (black) to 1 with channels innermost.
  virtual void get(std::size_t i, float* values) const = 0;

  // Of example i: 0 <= label < classes().size().
  virtual int label(std::size_t i) const = 0;

  virtual const std::vector<std::string>& classes() const = 0;  // names, by label

  // Names the content: equal for equal data, so that a resumed run notices other data.
  virtual std::string fingerprint() const = 0;
};

// A data set in its two parts.
struct DataPair {
  std::string name;  // as the user gave it
  std::shared_ptr<const Dataset> train;
  std::shared_ptr<const Dataset> test;
};

// Opens data by what the user calls it: "fashion-mnist" (Debian's package dataset-fashion-mnist), or a folder
// with the four idx files of MNIST and its relatives (train-images..., train-labels..., t10k- or test-...;
// gzipped or not, recognised by content). Error when it is missing, damaged or not understood.
DataPair open_data(const std::string& name);

// What open_data() takes for the same data wherever it is called from: a folder's whole path, other names as
// they are.
std::string data_place(const std::string& name);

}  // namespace halfwave
