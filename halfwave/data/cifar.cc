#include "halfwave/data/cifar.h"

#include <algorithm>
#include <sstream>
#include <system_error>
#include <utility>

#include "halfwave/base/error.h"
#include "halfwave/base/file.h"
#include "halfwave/base/text.h"
#include "halfwave/data/pixel_dataset.h"

namespace halfwave {
namespace {

namespace fs = std::filesystem;

constexpr Shape cifar_shape{.height = 32, .width = 32, .channels = 3};
constexpr std::uint64_t file_limit = std::uint64_t{1} << 32;

struct Kind {
  std::size_t labels;  // a record; the last one counts
  std::size_t classes;
  const char* names;  // the file of the classes' names
  std::size_t record() const { return labels + cifar_shape.size(); }
  bool fits(std::uintmax_t bytes) const { return bytes % record() == 0; }
};
constexpr Kind cifar_10{.labels = 1, .classes = 10, .names = "batches.meta.txt"};
constexpr Kind cifar_100{.labels = 2, .classes = 100, .names = "fine_label_names.txt"};

struct File {
  std::string name;  // for messages
  bool test;
  std::string bytes;
};

bool is_bin(const fs::path& path) { return path.extension() == ".bin"; }

const Kind& kind_of(const std::vector<File>& files) {
  const auto fits = [](const Kind& kind) {
    return [&](const File& file) { return kind.fits(file.bytes.size()); };
  };
  for (const Kind* kind : {&cifar_10, &cifar_100})
    if (std::all_of(files.begin(), files.end(), fits(*kind))) return *kind;
  const Kind& meant = std::count_if(files.begin(), files.end(), fits(cifar_100)) >
                              std::count_if(files.begin(), files.end(), fits(cifar_10))
                          ? cifar_100
                          : cifar_10;
  const auto wrong = std::find_if_not(files.begin(), files.end(), fits(meant));
  fail(
      "{}: expected a file of CIFAR-{} of whole records of {} bytes, got {} bytes, {} behind the last whole "
      "one; is it "
      "cut?",
      wrong->name, meant.classes, meant.record(), wrong->bytes.size(), wrong->bytes.size() % meant.record());
}

std::vector<std::string> class_names(const fs::path& folder, const Kind& kind) {
  std::vector<std::string> names;
  const fs::path path = folder / kind.names;
  std::error_code code;
  if (fs::exists(path, code)) {
    std::istringstream text(read_file(path, 1 << 20));
    for (std::string line; std::getline(text, line);) {
      while (line.ends_with('\r') || line.ends_with(' ')) line.pop_back();
      if (!line.empty()) names.push_back(printable(line));
    }
    if (names.size() != kind.classes) {
      fail("{}: expected the names of {} classes, a line each, got {}", printable(path.string()),
           kind.classes, names.size());
    }
    return names;
  }
  for (std::size_t i = 0; i < kind.classes; ++i) names.push_back(std::to_string(i));
  return names;
}

std::shared_ptr<const Dataset> make_part(const std::vector<File>& files, bool test, const Kind& kind,
                                         const std::vector<std::string>& classes) {
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> labels;
  std::size_t bytes = 0;
  for (const File& file : files) bytes += file.test == test ? file.bytes.size() : 0;
  pixels.reserve(bytes);
  for (const File& file : files) {
    if (file.test != test) continue;
    for (std::size_t at = 0; at < file.bytes.size(); at += kind.record()) {
      const auto label = static_cast<std::uint8_t>(file.bytes[at + kind.labels - 1]);
      if (label >= kind.classes) {
        fail("{}: expected a label from 0 to {} at byte {}, got {}; is it damaged?", file.name,
             kind.classes - 1, at + kind.labels - 1, label);
      }
      labels.push_back(label);
      const char* planes = file.bytes.data() + at + kind.labels;
      for (std::size_t i = 0; i < cifar_shape.pixels(); ++i) {
        for (std::size_t c = 0; c < 3; ++c)
          pixels.push_back(static_cast<std::uint8_t>(planes[c * cifar_shape.pixels() + i]));
      }
    }
  }
  return std::make_shared<PixelDataset>(cifar_shape, std::move(pixels), std::move(labels), classes);
}

}  // namespace

bool is_cifar_folder(const fs::path& folder) {
  const std::vector<fs::path> all = list_folder(folder);
  const auto is_of_records = [](const fs::path& path) {
    if (!is_bin(path)) return false;
    std::error_code code;
    const std::uintmax_t size = fs::file_size(path, code);
    return !code && size > 0 && (cifar_10.fits(size) || cifar_100.fits(size));
  };
  if (std::any_of(all.begin(), all.end(), is_of_records)) return true;
  const auto is_folder = [](const fs::path& path) {
    std::error_code code;
    return fs::is_directory(path, code);
  };
  return std::any_of(all.begin(), all.end(), is_bin) && std::none_of(all.begin(), all.end(), is_folder);
}

DataPair open_cifar_folder(const fs::path& folder) {
  std::vector<File> files;
  for (const fs::path& path : list_folder(folder)) {
    if (!is_bin(path)) continue;
    const bool test = path.filename().string().find("test") != std::string::npos;
    files.push_back({.name = printable(path.string()), .test = test, .bytes = read_file(path, file_limit)});
    if (files.back().bytes.empty())
      fail("{}: expected records of CIFAR, got an empty file", files.back().name);
  }
  for (const bool test : {false, true}) {
    if (std::none_of(files.begin(), files.end(), [&](const File& file) { return file.test == test; })) {
      fail(
          "{}: expected files for training and for testing (data_batch_1.bin and test_batch.bin, or "
          "train.bin and "
          "test.bin), found none for {}",
          printable(folder.string()), test ? "testing" : "training");
    }
  }
  const Kind& kind = kind_of(files);
  const std::vector<std::string> classes = class_names(folder, kind);
  return {.name = folder.string(),
          .kind = fmt::format("CIFAR-{}, binary", kind.classes),
          .train = make_part(files, false, kind, classes),
          .test = make_part(files, true, kind, classes)};
}

}  // namespace halfwave
