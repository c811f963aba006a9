// What every source of examples looks like, whatever its format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "halfwave/data/image.h"
#include "halfwave/data/table_form.h"
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

  // Of pictures that may be larger than the examples made of them: the size of picture i, and a part of it
  // (see fit.h) in place of the whole. Where nothing larger is at hand the part is one of the example.
  virtual PictureSize picture_size(std::size_t i) const;
  virtual void get_part(std::size_t i, const PicturePart& part, float* values) const;

  // Of example i: 0 <= label < classes().size().
  virtual int label(std::size_t i) const = 0;

  // How the rows of a table became examples; null for pictures.
  virtual const TableForm* table() const { return nullptr; }
  // Whether a number is to be learned, target(i); classes() is then its name alone, and label(i) is 0.
  bool is_regression() const { return table() != nullptr && table()->regression; }
  virtual float target(std::size_t i) const { return static_cast<float>(label(i)); }

  virtual const std::vector<std::string>& classes() const = 0;  // names, by label

  // What a person can find example i by: a file's path, or its number.
  virtual std::string name(std::size_t i) const;

  // Whether get() takes so long, for some, that several threads should do it.
  virtual bool decodes() const { return false; }

  // Names the content: equal for equal data, so that a resumed run notices other data.
  virtual std::string fingerprint() const = 0;
};

// The sizes of picture files, before they are fitted: of heights and of widths the least, the middle one and
// the most; and how many are grey.
struct PictureSizes {
  PictureSize least, middle, most;
  std::size_t grey = 0;
  std::size_t colour = 0;
};

// A data set in its two parts, and what was found while opening it.
struct DataPair {
  std::string name;  // as the user gave it
  std::string kind;  // in words: "class folders in train/ and test/"
  std::shared_ptr<const Dataset> train;
  std::shared_ptr<const Dataset> test;
  std::vector<std::string> skipped{};   // files that were left out, with the reason
  std::vector<std::string> notes{};     // what else one should know
  std::optional<PictureSizes> sizes{};  // of picture files
  std::uint64_t kept_bytes = 0;         // of decoded picture files, in memory; the others are decoded anew
  std::uint64_t all_bytes = 0;          // of all of them
};

// A quarter of the machine's memory.
std::uint64_t usual_cache_bytes();

struct DataOptions {
  // Picture files are fitted to this size (0: their own if all have the same, else 224 x 224) and number of
  // channels (0: 1 if all are grey, else 3). Data with a size of their own keep it.
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;

  // The classes of picture files, in this order; Error for others. Empty: those found, by name.
  std::vector<std::string> classes{};

  // Of a table, the column to be learned (empty: the last one); and, for a model that is trained already, its
  // form.
  std::string target{};
  std::optional<TableForm> form{};

  // Where the data have no part for testing: this share of each class, drawn by the seed.
  double test_share = 0.2;
  std::uint64_t split_seed = 1;

  bool strict = false;                        // a file that cannot be used is an Error, not left out
  std::uint64_t cache = usual_cache_bytes();  // decoded pictures are kept in memory up to so many bytes

  // Called while many files are read, by the caller's thread: so many of so many are done.
  std::function<void(std::size_t done, std::size_t all)> progress{};
};

// Opens data, recognised by content, by what the user calls them:
// - "fashion-mnist" (Debian's package dataset-fashion-mnist);
// - a folder with the four idx files of MNIST and its relatives, gzipped or not (see idx_dataset.h);
// - a folder with the binary files of CIFAR-10 or CIFAR-100 (see cifar.h);
// - a folder with pictures in class folders, or with train/ beside test/ or val/ (see picture_list.h);
// - a table (CSV) of paths and classes of pictures;
// - any other table with a line of names, or a folder with train.csv and test.csv (see table_dataset.h).
// Error when they are missing, damaged or not understood.
DataPair open_data(const std::string& name, const DataOptions& options = {});

// What open_data() takes for the same data wherever it is called from: a whole path, other names as they are.
std::string data_place(const std::string& name);

}  // namespace halfwave
