// Which picture files there are, of which class, and in which part: folders of class folders, and list files.
// Looks at no picture.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "halfwave/data/csv.h"

namespace halfwave {

struct PictureFile {
  std::filesystem::path path;
  int label = 0;
};

struct PictureList {
  std::string place;                 // the folder or file, for messages
  std::string layout;                // in words: "class folders in train/ and test/"
  std::vector<std::string> classes;  // by label, in order of their names' bytes; no two are equal
  std::vector<PictureFile> train;    // by class, then in order of the paths' bytes
  std::vector<PictureFile> test;     // empty if the data have no such part of their own
  std::vector<std::string> skipped;  // files that belong to no class, with the reason
  std::vector<std::string> notes;    // what else one should know: empty classes, parts that are not used
};

// Lists a folder of class folders, or of train/ (training) beside test/ (testing) or val/ (valid, validation)
// with class folders each. Files of a class may lie in folders of their own. Symbolic links are followed, but
// not in circles. What begins with a dot, and what systems leave behind (Thumbs.db, desktop.ini, __MACOSX),
// is passed over. A class is one with at least one file in either part. Folders in it
// that cannot be read are left out, and told. Error when there is no class, or the folder itself cannot be
// read.
PictureList list_class_folders(const std::filesystem::path& folder);

// Whether the table's first line has a column for paths (path, file, filename, image) and one for classes
// (label, class, category).
bool is_picture_list(const Csv& csv);

// Lists the pictures of a table; paths are relative to its folder. A column split (or part, set, subset) says
// train, test or val of each. Error, with the line, when a cell is empty or a part is not known.
PictureList list_pictures_of(const Csv& csv);

}  // namespace halfwave
