// Whole files in and out. Writing is all or nothing: the text goes to a temporary file beside the target,
// is flushed to the disk, and is then renamed over it; on any failure the temporary file is removed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace halfwave {

// The whole file. Error when it cannot be read or is larger than limit bytes.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit);

// Replaces the file by the parts, one after another. Error (with the reason) when that fails, and where a
// link, a device or a pipe has that name; what was there is then as it was.
void write_file(const std::filesystem::path& path, std::span<const std::string_view> parts);
void write_file(const std::filesystem::path& path, std::string_view text);

// The text as the name of a file: no slash of it leads elsewhere.
std::string file_name(std::string text);

// Whether this is a temporary file of write_file(), left by a process that was killed.
bool is_unfinished(const std::filesystem::path& path);

// The paths of what a folder holds, in order of their bytes. Error when it cannot be read.
std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder);

// Makes the folder and its parents. Error when that fails.
void make_folder(const std::filesystem::path& path);

}  // namespace halfwave
