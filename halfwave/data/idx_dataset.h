// Data sets of idx files: images (N x H x W, or N x H x W x C) and labels (N).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "halfwave/data/dataset.h"
#include "halfwave/data/idx.h"

namespace halfwave {

// One part (training or test) of such a data set. Error when the dimensions are not those of images and
// labels, their counts disagree, or a label has no class.
std::shared_ptr<const Dataset> make_idx_dataset(Idx images, Idx labels, std::vector<std::string> classes);

// Whether a file of the folder has one of the names that open_idx_folder() looks for.
bool is_idx_folder(const std::filesystem::path& folder);

// Opens the four files of a folder. They are told by a part of their names: train-images, train-labels, and
// t10k-images or test-images, t10k-labels or test-labels; where a file lies beside its gzipped self, the
// plain one is read. Without classes, they are "0", "1", ... up to the greatest label of both parts. The
// pair's name is the folder. Error when a file is missing, not unique, or wrong, or when the shapes of the
// two parts differ.
DataPair open_idx_folder(const std::filesystem::path& folder, std::vector<std::string> classes = {});

// Opens Fashion-MNIST (Xiao, Rasul, Vollgraf 2017), whose classes have names. Error as above, and one that
// names the package to install when there is no such folder.
DataPair open_fashion_mnist(const std::filesystem::path& folder = "/usr/share/datasets/fashion-mnist");

}  // namespace halfwave
