#include "halfwave/data/idx_dataset.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <string_view>
#include <system_error>
#include <utility>

#include "halfwave/base/error.h"
#include "halfwave/base/file.h"
#include "halfwave/data/pixel_dataset.h"

namespace halfwave {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 6> file_names{"train-images", "train-labels", "t10k-images",
                                                     "t10k-labels",  "test-images",  "test-labels"};

// The names of the files in a folder, in order.
std::vector<std::string> list(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::path& path : list_folder(folder)) names.push_back(path.filename().string());
  return names;
}

// The one file whose name holds one of the words.
fs::path find(const fs::path& folder, const std::vector<std::string>& names,
              std::initializer_list<std::string_view> words) {
  std::vector<std::string> found;
  for (const std::string& name : names) {
    // In order, a file comes just before its gzipped self.
    if (!found.empty() && name == found.back() + ".gz") continue;
    const auto holds = [&](std::string_view word) { return name.find(word) != std::string::npos; };
    if (std::any_of(words.begin(), words.end(), holds)) found.push_back(name);
  }
  const std::string wanted = fmt::format("{}", fmt::join(words, " or "));
  if (found.empty()) {
    fail(
        "{}: expected an idx file named {}, found none; a data folder holds train-images, train-labels, "
        "t10k-images and t10k-labels",
        folder.string(), wanted);
  }
  if (found.size() > 1) {
    fail("{}: expected one file named {}, found {}; keep one", folder.string(), wanted,
         fmt::join(found, " and "));
  }
  return folder / found.front();
}

std::vector<std::string> number_classes(const Idx& train, const Idx& test) {
  const int last = std::max(*std::max_element(train.values.begin(), train.values.end()),
                            *std::max_element(test.values.begin(), test.values.end()));
  std::vector<std::string> classes;
  for (int i = 0; i <= last; ++i) classes.push_back(std::to_string(i));
  return classes;
}

}  // namespace

std::shared_ptr<const Dataset> make_idx_dataset(Idx images, Idx labels, std::vector<std::string> classes) {
  const std::vector<std::int64_t>& sizes = images.sizes;
  if (sizes.size() < 3) {
    fail("{}: expected images (3 or 4 dimensions), got {}; are images and labels exchanged?", images.file,
         fmt::join(sizes, "x"));
  }
  if (labels.sizes.size() != 1) {
    fail("{}: expected labels (1 dimension), got {}; are images and labels exchanged?", labels.file,
         fmt::join(labels.sizes, "x"));
  }
  if (sizes[0] != labels.sizes[0]) {
    fail("{}: expected a label for each of the {} images in {}, got {}", labels.file, sizes[0], images.file,
         labels.sizes[0]);
  }
  for (std::size_t i = 0; i < labels.values.size(); ++i) {
    if (labels.values[i] >= classes.size()) {
      fail("{}: expected labels from 0 to {}, got {} for image {}", labels.file,
           static_cast<int>(classes.size()) - 1, labels.values[i], i);
    }
  }
  const Shape shape{.height = sizes[1], .width = sizes[2], .channels = sizes.size() == 4 ? sizes[3] : 1};
  return std::make_shared<PixelDataset>(shape, std::move(images.values), std::move(labels.values),
                                        std::move(classes));
}

bool is_idx_folder(const fs::path& folder) {
  const std::vector<std::string> names = list(folder);
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return std::any_of(file_names.begin(), file_names.end(),
                       [&](std::string_view known) { return name.find(known) != std::string::npos; });
  });
}

DataPair open_idx_folder(const fs::path& folder, std::vector<std::string> classes) {
  const std::vector<std::string> names = list(folder);
  const fs::path train_images = find(folder, names, {"train-images"});
  const fs::path train_labels = find(folder, names, {"train-labels"});
  const fs::path test_images = find(folder, names, {"t10k-images", "test-images"});
  const fs::path test_labels = find(folder, names, {"t10k-labels", "test-labels"});
  Idx labels = read_idx(train_labels);
  Idx more_labels = read_idx(test_labels);
  if (classes.empty()) classes = number_classes(labels, more_labels);
  auto train = make_idx_dataset(read_idx(train_images), std::move(labels), classes);
  auto test = make_idx_dataset(read_idx(test_images), std::move(more_labels), std::move(classes));
  if (train->shape() != test->shape()) {
    fail("{}: expected images of {}, as for training, got {}", test_images.string(),
         to_string(train->shape()), to_string(test->shape()));
  }
  return {.name = folder.string(), .kind = "idx files", .train = std::move(train), .test = std::move(test)};
}

DataPair open_fashion_mnist(const fs::path& folder) {
  std::error_code code;
  if (!fs::is_directory(folder, code)) {
    fail(
        "fashion-mnist: expected its files in {}, found no such folder; apt-get install "
        "dataset-fashion-mnist",
        folder.string());
  }
  return open_idx_folder(folder, {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                                  "Sneaker", "Bag", "Ankle boot"});
}

}  // namespace halfwave
