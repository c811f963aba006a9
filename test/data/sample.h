// What the tests of data share: small files and data sets made on the spot.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/error_message.h"
#include "common/test_folder.h"
#include "halfwave/base/file.h"
#include "halfwave/data/dataset.h"

namespace halfwave {

inline std::string big_endian(std::uint32_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xFF);
  return text;
}

inline std::string idx_header(const std::vector<std::uint32_t>& sizes) {
  std::string text{'\0', '\0', '\x08', static_cast<char>(sizes.size())};
  for (const std::uint32_t size : sizes) text += big_endian(size);
  return text;
}

inline std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  std::string input = text;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// A data set given by a function from image and place to pixel (0 to 255); the label is i modulo 10.
class MadeDataset : public Dataset {
 public:
  MadeDataset(std::size_t size, Shape shape, std::function<int(std::size_t i, std::size_t place)> pixel)
      : size_(size), shape_(shape), pixel_(std::move(pixel)) {}
  std::size_t size() const override { return size_; }
  Shape shape() const override { return shape_; }
  void get(std::size_t i, float* values) const override {
    for (std::size_t k = 0; k < shape_.size(); ++k) values[k] = static_cast<float>(pixel_(i, k)) / 255;
  }
  int label(std::size_t i) const override { return static_cast<int>(i % 10); }
  const std::vector<std::string>& classes() const override { return classes_; }
  bool decodes() const override { return true; }  // so that loaders use all of their threads
  std::string fingerprint() const override { return "made"; }

 private:
  std::size_t size_;
  Shape shape_;
  std::function<int(std::size_t i, std::size_t place)> pixel_;
  std::vector<std::string> classes_ = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
};

}  // namespace halfwave
