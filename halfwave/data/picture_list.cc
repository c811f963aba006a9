#include "halfwave/data/picture_list.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "halfwave/base/error.h"
#include "halfwave/base/text.h"

namespace halfwave {
namespace {

namespace fs = std::filesystem;

enum class Part { train, test, validation };

constexpr std::array<std::pair<std::string_view, Part>, 8> part_names{{{"train", Part::train},
                                                                       {"training", Part::train},
                                                                       {"test", Part::test},
                                                                       {"testing", Part::test},
                                                                       {"val", Part::validation},
                                                                       {"valid", Part::validation},
                                                                       {"validation", Part::validation},
                                                                       {"eval", Part::validation}}};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

std::optional<Part> part_of(std::string_view name) {
  for (const auto& [known, part] : part_names)
    if (lower(name) == known) return part;
  return {};
}

bool is_passed_over(const std::string& name) {
  return name.starts_with('.') || name == "Thumbs.db" || name == "desktop.ini" || name == "__MACOSX";
}

struct Listing {
  std::vector<fs::path> folders;
  std::vector<fs::path> files;
};

// What a folder holds, in order of the names' bytes.
Listing list(const fs::path& folder, std::vector<std::string>& skipped) {
  std::error_code code;
  Listing listing;
  for (fs::directory_iterator i(folder, code), end; !code && i != end; i.increment(code)) {
    if (is_passed_over(i->path().filename().string())) continue;
    std::error_code unknown;
    const fs::file_status status = i->status(unknown);
    if (fs::is_directory(status)) {
      listing.folders.push_back(i->path());
    } else if (fs::is_regular_file(status)) {
      listing.files.push_back(i->path());
    } else {
      skipped.push_back(fmt::format("{}: {}", printable(i->path().string()),
                                    fs::exists(status) ? "it is no file"
                                    : status.type() == fs::file_type::not_found
                                        ? "a link to what is not there"
                                        : unknown.message()));
    }
  }
  if (code) fail("cannot read the folder {}: {}", printable(folder.string()), code.message());
  std::sort(listing.folders.begin(), listing.folders.end());
  std::sort(listing.files.begin(), listing.files.end());
  return listing;
}

// Collects the files of a class, folders within folders.
class Walk {
 public:
  explicit Walk(std::vector<std::string>& skipped) : skipped_(skipped) {}

  std::vector<fs::path> files_below(const fs::path& folder) {
    struct stat status {};
    const std::pair id{::stat(folder.c_str(), &status) == 0 ? status.st_dev : 0, status.st_ino};
    if (!above_.insert(id).second) {
      skipped_.push_back(fmt::format("{}: a link in a circle", printable(folder.string())));
      return {};
    }
    std::vector<fs::path> files;
    try {
      Listing listing = list(folder, skipped_);
      files = std::move(listing.files);
      for (const fs::path& inner : listing.folders) {
        const std::vector<fs::path> more = files_below(inner);
        files.insert(files.end(), more.begin(), more.end());
      }
    } catch (const Error& error) {
      skipped_.emplace_back(error.what());
    }
    above_.erase(id);
    return files;
  }

 private:
  std::vector<std::string>& skipped_;
  std::set<std::pair<dev_t, ino_t>> above_;  // the folders on the way down
};

// Files by the class's name.
using Classes = std::map<std::string, std::vector<fs::path>>;

Classes classes_in(const fs::path& folder, PictureList& list_of) {
  const Listing listing = list(folder, list_of.skipped);
  for (const fs::path& file : listing.files)
    list_of.skipped.push_back(fmt::format("{}: it lies beside the class folders", printable(file.string())));
  Classes classes;
  for (const fs::path& inner : listing.folders) {
    std::vector<fs::path>& files = classes[printable(inner.filename().string())];
    const std::vector<fs::path> more = Walk(list_of.skipped).files_below(inner);
    files.insert(files.end(), more.begin(), more.end());
  }
  return classes;
}

std::size_t count_files(const Classes& classes, const std::string& name) {
  const auto found = classes.find(name);
  return found != classes.end() ? found->second.size() : 0;
}

void add(std::vector<PictureFile>& files, const Classes& classes, const std::string& name, int label) {
  const auto found = classes.find(name);
  if (found == classes.end()) return;
  for (const fs::path& path : found->second) files.push_back({path, label});
}

// Numbers the classes; has_test: whether the test part is the data's own.
void number(const Classes& train, const Classes& test, bool has_test, PictureList& result) {
  std::set<std::string> names;
  for (const Classes* part : {&train, &test})
    for (const auto& [name, files] : *part) names.insert(name);
  for (const std::string& name : names) {
    const std::size_t trained = count_files(train, name);
    const std::size_t tested = count_files(test, name);
    if (trained + tested == 0) {
      result.notes.push_back(fmt::format("class '{}' has no files: it is left out", name));
      continue;
    }
    if (trained == 0)
      result.notes.push_back(
          fmt::format("class '{}' has files for testing, but none for training: it cannot be learned", name));
    if (has_test && tested == 0)
      result.notes.push_back(fmt::format("class '{}' has no files for testing", name));
    const int label = static_cast<int>(result.classes.size());
    result.classes.push_back(name);
    add(result.train, train, name, label);
    add(result.test, test, name, label);
  }
}

}  // namespace

PictureList list_class_folders(const fs::path& folder) {
  PictureList result;
  std::vector<std::string> ignored;
  const Listing listing = list(folder, ignored);
  std::map<Part, fs::path> parts;
  for (const fs::path& inner : listing.folders)
    if (const auto part = part_of(inner.filename().string())) parts.emplace(*part, inner);
  const std::string& place = result.place = printable(folder.string());
  if (parts.contains(Part::train)) {
    const Part tested = parts.contains(Part::test) ? Part::test : Part::validation;
    const bool has_test = parts.contains(tested);
    const Classes train = classes_in(parts.at(Part::train), result);
    const Classes test = has_test ? classes_in(parts.at(tested), result) : Classes{};
    number(train, test, has_test, result);
    const std::string train_name = parts.at(Part::train).filename().string();
    result.layout = "class folders in " + train_name + "/";
    if (has_test) result.layout += " and " + parts.at(tested).filename().string() + "/";
    if (tested == Part::test && parts.contains(Part::validation)) {
      result.notes.push_back(fmt::format("{} is not used: {} is the part for testing",
                                         parts.at(Part::validation).filename().string(),
                                         parts.at(Part::test).filename().string()));
    }
  } else {
    number(classes_in(folder, result), {}, false, result);
    result.layout = "class folders";
  }
  if (result.classes.empty()) {
    fail(
        "{}: expected pictures in class folders, as in {}/cat/1.jpg and {}/dog/2.png (or in train/cat and "
        "test/cat), found none",
        place, place, place);
  }
  return result;
}

namespace {

std::optional<std::size_t> find_column(const Csv& csv, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    for (std::size_t i = 0; i < csv.header.size(); ++i)
      if (lower(csv.header[i]) == name) return i;
  }
  return {};
}

std::optional<std::size_t> path_column(const Csv& csv) {
  return find_column(csv, {"path", "file", "filename", "image", "filepath", "image_path"});
}
std::optional<std::size_t> label_column(const Csv& csv) {
  return find_column(csv, {"label", "class", "category"});
}

}  // namespace

bool is_picture_list(const Csv& csv) { return path_column(csv) && label_column(csv); }

PictureList list_pictures_of(const Csv& csv) {
  const std::size_t path = path_column(csv).value();
  const std::size_t label = label_column(csv).value();
  const auto part = find_column(csv, {"split", "part", "set", "subset"});
  const fs::path folder = fs::path(csv.file).parent_path();
  Classes train;
  Classes test;
  for (std::size_t i = 0; i < csv.rows.size(); ++i) {
    const std::vector<std::string>& row = csv.rows[i];
    for (const std::size_t column : {path, label})
      if (row[column].empty())
        fail("{}, line {}: its '{}' is empty", csv.file, csv.lines[i], csv.header[column]);
    const auto known = part ? part_of(row[*part]) : Part::train;
    if (!known) {
      fail("{}, line {}: expected train, test or val as '{}', got '{}'", csv.file, csv.lines[i],
           csv.header[*part], printable(row[*part]));
    }
    (*known == Part::train ? train : test)[printable(row[label])].push_back(folder / row[path]);
  }
  PictureList result;
  result.place = csv.file;
  result.layout = test.empty() ? "a list of pictures" : "a list of pictures, with their parts";
  number(train, test, !test.empty(), result);
  return result;
}

}  // namespace halfwave
