#include "halfwave/data/dataset.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "halfwave/base/error.h"
#include "halfwave/base/text.h"
#include "halfwave/data/cifar.h"
#include "halfwave/data/csv.h"
#include "halfwave/data/fit.h"
#include "halfwave/data/idx_dataset.h"
#include "halfwave/data/picture_dataset.h"
#include "halfwave/data/picture_list.h"
#include "halfwave/data/table_dataset.h"

namespace halfwave {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 1> known_names{"fashion-mnist"};

// Labels by this order of classes.
void number_as(const std::vector<std::string>& classes, PictureList& list) {
  std::vector<int> labels;
  for (const std::string& name : list.classes) {
    const auto found = std::find(classes.begin(), classes.end(), name);
    if (found == classes.end()) {
      const std::vector<std::string_view> names(classes.begin(), classes.end());
      fail("{}: it has a class '{}', which the model does not know{}", list.place, name,
           suggestion(name, names));
    }
    labels.push_back(static_cast<int>(found - classes.begin()));
  }
  for (std::vector<PictureFile>* part : {&list.train, &list.test})
    for (PictureFile& file : *part) file.label = labels[static_cast<std::size_t>(file.label)];
  list.classes = classes;
}

DataPair open_pictures(PictureList list, const DataOptions& options) {
  if (!options.classes.empty()) number_as(options.classes, list);
  if (options.strict && !list.skipped.empty()) fail("{}", list.skipped[0]);
  PictureScan scan = scan_pictures(list, options);
  list.skipped.insert(list.skipped.end(), scan.skipped.begin(), scan.skipped.end());
  if (list.test.empty()) {
    list.layout += fmt::format(", {:g} % of each class drawn for testing", 100 * options.test_share);
  }
  return {.name = {},
          .kind = list.layout,
          .train = scan.train,
          .test = scan.test,
          .skipped = std::move(list.skipped),
          .notes = std::move(list.notes),
          .sizes = scan.sizes,
          .kept_bytes = scan.kept_bytes,
          .all_bytes = scan.all_bytes};
}

DataPair open_folder(const fs::path& folder, const DataOptions& options) {
  if (is_idx_folder(folder)) return open_idx_folder(folder);
  if (is_cifar_folder(folder)) return open_cifar_folder(folder);
  std::error_code code;
  if (fs::is_regular_file(folder / "train.csv", code) && fs::is_regular_file(folder / "test.csv", code))
    return open_table(read_csv(folder / "train.csv"), read_csv(folder / "test.csv"), options);
  return open_pictures(list_class_folders(folder), options);
}

DataPair open_file(const fs::path& path, const DataOptions& options) {
  const std::string name = printable(path.string());
  if (is_picture_file(path))
    fail("data '{}': expected many pictures, got one; name the folder that holds the class folders", name);
  const Csv csv = [&] {
    try {
      return read_csv(path);
    } catch (const Error& error) {
      fail("data '{}': it is no folder, and as a table it is wrong: {}", name, error.what());
    }
  }();
  if (!is_picture_list(csv)) return open_table(csv, {}, options);
  return open_pictures(list_pictures_of(csv), options);
}

DataPair open_by_name(const std::string& name, const DataOptions& options) {
  if (name == known_names[0]) return open_fashion_mnist();
  std::error_code code;
  const fs::file_status status = fs::status(name, code);
  if (fs::is_directory(status)) return open_folder(name, options);
  if (fs::exists(status)) return open_file(name, options);
  fail("data '{}': expected fashion-mnist, a folder or a table, found nothing of that name{}",
       printable(name), suggestion(name, known_names));
}

}  // namespace

PictureSize Dataset::picture_size(std::size_t) const { return {shape().height, shape().width}; }

void Dataset::get_part(std::size_t i, const PicturePart& part, float* values) const {
  const Shape own = shape();
  get(i, values);
  Image whole{.height = own.height, .width = own.width, .channels = own.channels, .pixels = {}};
  whole.pixels.resize(own.size());
  to_bytes(values, own.size(), whole.pixels.data());
  to_values(fit_part(whole, part, own).pixels.data(), own.size(), values);
}

std::string Dataset::name(std::size_t i) const { return fmt::format("number {}", i); }

std::uint64_t usual_cache_bytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long size = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size) / 4
                               : std::uint64_t{1} << 30;
}

DataPair open_data(const std::string& name, const DataOptions& options) {
  DataPair pair = open_by_name(name, options);
  pair.name = name;
  return pair;
}

std::string data_place(const std::string& name) {
  if (std::find(known_names.begin(), known_names.end(), name) != known_names.end()) return name;
  std::error_code code;
  const fs::path path = fs::absolute(name, code).lexically_normal();
  if (code || !fs::exists(path, code)) return name;
  return (path.has_filename() ? path : path.parent_path()).string();
}

}  // namespace halfwave
