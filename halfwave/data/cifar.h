// CIFAR-10 and CIFAR-100 in their binary version (Krizhevsky, "The CIFAR-10 dataset",
// cs.toronto.edu/~kriz/cifar): records of 1 label (CIFAR-100: a coarse and a fine one, of which the fine
// counts) and 32 x 32 red, then green, then blue values. Nothing in a file is trusted.
#pragma once

#include <filesystem>

#include "halfwave/data/dataset.h"

namespace halfwave {

// Whether the folder holds .bin files with whole records, or, where there are no folders in it that could be
// classes of pictures, any .bin file.
bool is_cifar_folder(const std::filesystem::path& folder);

// Opens the .bin files of a folder: those with "test" in their names are for testing, all others for
// training. Which of the two it is, and that it is either, is told by their lengths. Classes are named by
// batches.meta.txt or fine_label_names.txt where that lies beside them, else "0", "1", ... Error, with the
// file and the place, when a part is missing, a file is cut, or a label is too large.
DataPair open_cifar_folder(const std::filesystem::path& folder);

}  // namespace halfwave
