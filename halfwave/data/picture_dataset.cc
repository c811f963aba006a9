#include "halfwave/data/picture_dataset.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <optional>
#include <utility>

#include "halfwave/base/error.h"
#include "halfwave/base/file.h"
#include "halfwave/base/parallel.h"
#include "halfwave/base/text.h"
#include "halfwave/data/checksum.h"
#include "halfwave/data/fit.h"
#include "halfwave/data/split.h"
#include "halfwave/tensor/buffer.h"

namespace halfwave {
namespace {

// Pictures of many sizes are brought to this one where nothing else is asked for: what nets for photographs
// take.
constexpr std::int64_t usual_size = 224;

// What is known of a file after it has been read.
struct Entry {
  std::string skipped;  // why it is left out, or empty
  std::uint32_t checksum = 0;
  PictureSize own;
  std::int64_t channels = 0;
};

// All pictures of a list, of both parts.
class Store {
 public:
  // shape.channels may be 0: colour unless all are grey.
  Store(std::vector<PictureFile> files, const Shape& shape, const DataOptions& options)
      : files_(std::move(files)), shape_(shape), entries_(files_.size()) {
    if (shape.channels == 0) shape_.channels = 3;
    kept_ = std::min(files_.size(), static_cast<std::size_t>(options.cache / shape_.size()));
    pixels_ = Memory(kept_ * shape_.size());
    scan(options);
    if (shape.channels == 0) become_grey_if_all_are();
  }

  const std::vector<PictureFile>& files() const { return files_; }
  const std::vector<Entry>& entries() const { return entries_; }
  const Shape& shape() const { return shape_; }
  std::uint64_t kept_bytes() const { return kept_ * shape_.size(); }
  std::uint64_t all_bytes() const { return files_.size() * shape_.size(); }
  bool keeps(std::size_t file) const { return file < kept_; }

  void get(std::size_t file, float* values) const {
    if (keeps(file)) {
      to_values(kept(file), shape_.size(), values);
    } else {
      to_values(fit(read_again(file, {}), shape_).pixels.data(), shape_.size(), values);
    }
  }

  // A part of the file's picture, not of the fitted one: that is smaller, and its sides are cut off.
  void get_part(std::size_t file, const PicturePart& part, float* values) const {
    to_values(fit_part(read_again(file, part), part, shape_).pixels.data(), shape_.size(), values);
  }

  std::string name(std::size_t file) const { return printable(files_[file].path.string()); }

 private:
  std::uint8_t* kept(std::size_t file) const {
    return reinterpret_cast<std::uint8_t*>(pixels_.data()) + file * shape_.size();
  }

  // Large enough for this part of it to cover the shape.
  Image read(std::size_t file, const PicturePart& part, Entry& entry) const {
    const std::string bytes = read_file(files_[file].path, picture_file_limit);
    entry.checksum = checksum(bytes.data(), bytes.size());
    const auto whole = [](std::int64_t side, double share) {
      return static_cast<std::int64_t>(std::ceil(static_cast<double>(side) / share));
    };
    Image image =
        decode_image(bytes, name(file), {whole(shape_.height, part.height), whole(shape_.width, part.width)});
    entry.own = image.own.height > 0 ? image.own : PictureSize{image.height, image.width};
    entry.channels = image.channels;
    return image;
  }

  Image read_again(std::size_t file, const PicturePart& part) const {
    Entry entry;
    Image image = read(file, part, entry);
    if (entry.checksum != entries_[file].checksum)
      fail("{}: it has changed since the data were opened", name(file));
    return image;
  }

  void scan(const DataOptions& options) {
    std::atomic<std::size_t> done = 0;
    parallel_for(files_.size(), 1, [&](std::size_t begin, std::size_t end, int thread) {
      for (std::size_t i = begin; i < end; ++i) {
        try {
          const Image image = fit(read(i, {}, entries_[i]), shape_);
          if (keeps(i)) std::copy(image.pixels.begin(), image.pixels.end(), kept(i));
        } catch (const Error& error) {
          if (options.strict) throw;
          entries_[i].skipped = error.what();
        }
        ++done;
        if (thread == 0 && options.progress) options.progress(done, files_.size());
      }
    });
  }

  void become_grey_if_all_are() {
    const auto colour = [](const Entry& entry) { return entry.skipped.empty() && entry.channels != 1; };
    if (std::any_of(entries_.begin(), entries_.end(), colour)) return;
    std::uint8_t* pixels = kept(0);
    for (std::size_t i = 0; i < kept_ * shape_.pixels(); ++i) pixels[i] = pixels[3 * i];
    shape_.channels = 1;
  }

  std::vector<PictureFile> files_;
  Shape shape_;
  std::vector<Entry> entries_;
  std::size_t kept_ = 0;  // files, the first ones
  Memory pixels_;         // theirs
};

// Some of the pictures of a store.
class PictureDataset : public Dataset {
 public:
  PictureDataset(std::shared_ptr<const Store> store, std::vector<std::size_t> places,
                 std::vector<std::string> classes)
      : store_(std::move(store)), places_(std::move(places)), classes_(std::move(classes)) {
    std::vector<std::uint32_t> content;
    for (const std::size_t file : places_) {
      content.push_back(store_->entries()[file].checksum);
      content.push_back(static_cast<std::uint32_t>(store_->files()[file].label));
      decodes_ = decodes_ || !store_->keeps(file);
    }
    const Shape& shape = store_->shape();
    fingerprint_ = fmt::format("{}x{}x{}x{}-{:08x}", places_.size(), shape.height, shape.width,
                               shape.channels, checksum(content.data(), content.size() * sizeof(content[0])));
  }

  std::size_t size() const override { return places_.size(); }
  Shape shape() const override { return store_->shape(); }
  void get(std::size_t i, float* values) const override { store_->get(places_[i], values); }
  PictureSize picture_size(std::size_t i) const override { return store_->entries()[places_[i]].own; }
  void get_part(std::size_t i, const PicturePart& part, float* values) const override {
    store_->get_part(places_[i], part, values);
  }
  int label(std::size_t i) const override { return store_->files()[places_[i]].label; }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::string fingerprint() const override { return fingerprint_; }
  bool decodes() const override { return decodes_; }
  std::string name(std::size_t i) const override { return store_->name(places_[i]); }

 private:
  std::shared_ptr<const Store> store_;
  std::vector<std::size_t> places_;  // in the store
  std::vector<std::string> classes_;
  std::string fingerprint_;
  bool decodes_ = false;
};

// Of the files that are left: places for training and testing.
Split parts_of(const Store& store, std::size_t train_files, const DataOptions& options) {
  Split split;
  std::vector<int> labels;
  for (std::size_t i = 0; i < store.files().size(); ++i) {
    if (!store.entries()[i].skipped.empty()) continue;
    (i < train_files ? split.train : split.test).push_back(i);
    labels.push_back(store.files()[i].label);
  }
  if (train_files < store.files().size()) return split;
  const std::vector<std::size_t> all = std::move(split.train);
  split = split_by_class(labels, options.test_share, options.split_seed);
  for (std::vector<std::size_t>* part : {&split.train, &split.test})
    for (std::size_t& place : *part) place = all[place];
  return split;
}

PictureSizes sizes_of(const Store& store) {
  std::vector<std::int64_t> heights;
  std::vector<std::int64_t> widths;
  PictureSizes sizes;
  for (const Entry& entry : store.entries()) {
    if (!entry.skipped.empty()) continue;
    heights.push_back(entry.own.height);
    widths.push_back(entry.own.width);
    ++(entry.channels == 1 ? sizes.grey : sizes.colour);
  }
  std::sort(heights.begin(), heights.end());
  std::sort(widths.begin(), widths.end());
  sizes.least = {heights.front(), widths.front()};
  sizes.middle = {heights[heights.size() / 2], widths[widths.size() / 2]};
  sizes.most = {heights.back(), widths.back()};
  return sizes;
}

// The first picture that can be read, or nothing.
std::optional<PictureSize> first_size(const std::vector<PictureFile>& files) {
  for (const PictureFile& file : files) {
    try {
      const Image image = read_image(file.path);
      return PictureSize{image.height, image.width};
    } catch (const Error&) {
      continue;
    }
  }
  return {};
}

std::shared_ptr<const Store> make_store(const std::vector<PictureFile>& files, const DataOptions& options) {
  if (options.height > 0)
    return std::make_shared<Store>(
        files, Shape{.height = options.height, .width = options.width, .channels = options.channels},
        options);
  // No size is asked for: their own if all have the same.
  const PictureSize size = first_size(files).value_or(PictureSize{usual_size, usual_size});
  const Shape own{.height = size.height, .width = size.width, .channels = options.channels};
  auto store = std::make_shared<Store>(files, own, options);
  const auto differs = [&](const Entry& entry) { return entry.skipped.empty() && entry.own != size; };
  if (std::none_of(store->entries().begin(), store->entries().end(), differs)) return store;
  store.reset();
  return std::make_shared<Store>(
      files, Shape{.height = usual_size, .width = usual_size, .channels = options.channels}, options);
}

}  // namespace

PictureScan scan_pictures(const PictureList& list, const DataOptions& options) {
  if (list.classes.size() < 2)
    fail("{}: expected at least two classes, got one, '{}'", list.place, list.classes.at(0));
  std::vector<PictureFile> files = list.train;
  files.insert(files.end(), list.test.begin(), list.test.end());
  const std::shared_ptr<const Store> store = make_store(files, options);
  PictureScan scan;
  for (const Entry& entry : store->entries())
    if (!entry.skipped.empty()) scan.skipped.push_back(entry.skipped);
  Split split = parts_of(*store, list.train.size(), options);
  if (split.train.empty() || split.test.empty()) {
    fail("{}: expected pictures for training and testing, got {} and {}{}", list.place, split.train.size(),
         split.test.size(),
         scan.skipped.empty() ? std::string("; a class is split where it has two or more")
                              : fmt::format("; {} files are no sound pictures, the first: {}",
                                            scan.skipped.size(), scan.skipped[0]));
  }
  scan.sizes = sizes_of(*store);
  scan.kept_bytes = store->kept_bytes();
  scan.all_bytes = store->all_bytes();
  scan.train = std::make_shared<PictureDataset>(store, std::move(split.train), list.classes);
  scan.test = std::make_shared<PictureDataset>(store, std::move(split.test), list.classes);
  return scan;
}

}  // namespace halfwave
