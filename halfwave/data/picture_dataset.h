// Data sets of picture files, decoded and fitted to one shape (see fit.h), and kept in memory as far as a
// budget reaches; the others are decoded anew each time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "halfwave/data/dataset.h"
#include "halfwave/data/picture_list.h"

namespace halfwave {

// What the files of a list turned out to be.
struct PictureScan {
  std::shared_ptr<const Dataset> train;
  std::shared_ptr<const Dataset> test;
  std::vector<std::string> skipped;  // files that are no sound pictures, with the reason
  PictureSizes sizes;
  std::uint64_t kept_bytes = 0;  // see DataPair
  std::uint64_t all_bytes = 0;
};

// Reads every file of the list once, on all threads. Files that are no sound pictures are left out (Error for
// the first one with options.strict). What has no test part of its own is split as options say, after that.
// Error when fewer than two classes, or no picture for training or testing, are left.
//
// get() of the data sets reads a picture that is not kept anew, and throws Error when it has vanished or
// changed.
PictureScan scan_pictures(const PictureList& list, const DataOptions& options);

}  // namespace halfwave
