// The safetensors format (8-byte little-endian header length, JSON header, raw data), read with distrust and
// written all or nothing. Files of Halfwave carry a checksum of the whole file in their metadata.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace halfwave {

struct TensorEntry {
  std::string name;
  std::string dtype;  // "F32", "U8", "I64", ...
  std::vector<std::int64_t> dims;
  std::string_view bytes;
};

// A file in memory; the entries point into it. Const functions are thread-safe.
class SafetensorsFile {
 public:
  // Error, with the file's name and what is wrong, when it is missing, cut, damaged or not of this format.
  // With checksum_required a file without the checksum of Halfwave is refused too.
  static SafetensorsFile read(const std::filesystem::path& path, bool checksum_required);

  const std::string& path() const { return path_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // The text under a key; Error naming the file when there is none.
  const std::string& text(const std::string& key) const;

  const std::vector<TensorEntry>& entries() const { return entries_; }
  const TensorEntry* find(std::string_view name) const;

  // Copies a tensor of floats; Error when it is missing, of another type, or not of these dims.
  void copy_floats(std::string_view name, std::span<const std::int64_t> dims, std::span<float> values) const;

 private:
  std::string path_;
  std::string bytes_;
  std::map<std::string, std::string> metadata_;
  std::vector<TensorEntry> entries_;
};

// An entry of floats.
TensorEntry float_entry(std::string name, std::vector<std::int64_t> dims, std::span<const float> values);

// Writes a file with checksum. Error when that fails; the old file is then untouched.
void write_safetensors(const std::filesystem::path& path, std::map<std::string, std::string> metadata,
                       std::span<const TensorEntry> entries);

}  // namespace halfwave
