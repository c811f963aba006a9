#include "halfwave/data/dataset.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "halfwave/base/error.h"
#include "halfwave/base/text.h"
#include "halfwave/data/idx_dataset.h"

namespace halfwave {
namespace {

constexpr std::array<std::string_view, 1> known{"fashion-mnist"};

DataPair open_by_name(const std::string& name) {
  if (name == known[0]) return open_fashion_mnist();
  std::error_code code;
  const std::filesystem::file_status status = std::filesystem::status(name, code);
  if (std::filesystem::is_directory(status)) return open_idx_folder(name);
  if (std::filesystem::exists(status)) {
    fail(
        "data '{}': expected a folder with four idx files (train-images, train-labels, t10k-images, "
        "t10k-labels), "
        "got a file; name its folder",
        name);
  }
  fail("data '{}': expected fashion-mnist or a folder with four idx files, found no such folder{}", name,
       suggestion(name, known));
}

}  // namespace

DataPair open_data(const std::string& name) {
  DataPair pair = open_by_name(name);
  pair.name = name;
  return pair;
}

std::string data_place(const std::string& name) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return name;
  std::error_code code;
  const std::filesystem::path path = std::filesystem::absolute(name, code).lexically_normal();
  if (code || !std::filesystem::is_directory(path, code)) return name;
  return (path.has_filename() ? path : path.parent_path()).string();
}

}  // namespace halfwave
