// Changed copies of pictures for training: what leaves the class as it is. Random, but by counters: the same
// seed, epoch and picture give the same change, whatever the threads and however often a run was interrupted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "halfwave/base/random.h"
#include "halfwave/data/dataset.h"
#include "halfwave/tensor/shape.h"

namespace halfwave {

// What is done: a part is taken first, then in this order. What a picture does not cover is filled with the
// mean of each channel. 0: not.
struct Augmentation {
  bool flip = false;      // left and right exchanged, of every second picture
  std::int64_t crop = 0;  // moved by up to so many pixels each way ("padded crop"); to 1000
  double resize = 0;  // a part of at least this share of the picture's area, of sides 3 : 4 to 4 : 3, takes
                      // its place ("random resized crop"; Szegedy et al. 2015); to 1
  double rotate = 0;  // by up to so many degrees each way; to 180
  double shift = 0;   // by up to this share of the side each way, also by parts of pixels; to 1
  double jitter = 0;  // brightness, contrast and saturation, each times 1 - this to 1 + this; to 1
  std::int64_t cutout =
      0;             // a square with sides of so many pixels is covered (DeVries and Taylor 2017); to 10000
  double mixup = 0;  // pairs of a batch are mixed, with the share drawn from Beta(this, this) (Zhang et al.
                     // 2018); to 100

  bool operator==(const Augmentation&) const = default;
  bool changes_pictures() const;  // whether there is more than mixup
};

// Reads "flip,crop=4,jitter=0.2"; "" or "none" is none. Error for unknown names, with the nearest, and for
// values out of range.
Augmentation parse_augmentation(std::string_view text);
// The text that parse_augmentation() reads back.
std::string to_text(const Augmentation& augmentation);

// One line a name: what it does, for --help.
std::string augmentation_help();

// Changes pictures of one shape. Thread-safe.
class Augmenter {
 public:
  // fill: a value a channel.
  Augmenter(const Augmentation& augmentation, const Shape& shape, std::vector<float> fill);

  // Example i of data, changed: values from 0 to 1, height x width x channels, of the data's shape, which
  // must be this one. unchanged is memory that calls may share, one after the other. Throws what get()
  // throws.
  void get(const Dataset& data, std::size_t i, RandomStream random, std::vector<float>& unchanged,
           float* values) const;

  // The share of the first of two mixed pictures, 0.5 to 1; 1 where none are mixed.
  double mixing_share(RandomStream random) const;

 private:
  struct Move;
  PicturePart draw_part(RandomStream& random, const PictureSize& size) const;
  Move draw_move(RandomStream& random) const;
  void copy_moved(const Move& move, const float* from, float* to) const;
  void interpolate(const Move& move, const float* from, float* to) const;
  void jitter(RandomStream& random, float* x) const;
  void cut_out(RandomStream& random, float* x) const;

  Augmentation augmentation_;
  Shape shape_;
  std::vector<float> fill_;
};

}  // namespace halfwave
