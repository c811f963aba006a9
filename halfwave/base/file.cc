#include "halfwave/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "halfwave/base/error.h"
#include "halfwave/base/table.h"

namespace halfwave {
namespace {

constexpr const char* part_ending = ".part";  // the number of the process follows

std::string reason() { return std::generic_category().message(errno); }

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }
  int close() { return ::close(std::exchange(number_, -1)); }

 private:
  int number_;
};

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Makes a rename last through a power cut. Some file systems refuse to sync a folder; that is no failure.
void sync_folder(const std::filesystem::path& folder) {
  const Descriptor descriptor(
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() >= 0) ::fsync(descriptor.get());
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::uint64_t limit) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.get() < 0) fail("cannot read {}: {}", path.string(), reason());
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0) fail("cannot read {}: {}", path.string(), reason());
  if (S_ISDIR(status.st_mode)) fail("cannot read {}: it is a folder", path.string());
  const auto refuse = [&] {
    fail("{} is larger than the {} such a file may have", path.string(), bytes_text(limit));
  };
  std::string text;
  if (S_ISREG(status.st_mode)) {
    if (static_cast<std::uint64_t>(status.st_size) > limit) refuse();
    text.reserve(static_cast<std::size_t>(status.st_size));
  }
  std::array<char, 1 << 16> block;
  for (;;) {
    const ssize_t count = ::read(descriptor.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("cannot read {}: {}", path.string(), reason());
    if (count == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(count));
    if (text.size() > limit) refuse();
  }
}

void write_file(const std::filesystem::path& path, std::span<const std::string_view> parts) {
  // What is renamed takes the place of what has its name: that must not be a device, a pipe or a link.
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
    fail("cannot write {}: it is there and no plain file", path.string());
  const std::filesystem::path aside = path.string() + part_ending + std::to_string(::getpid());
  Descriptor descriptor(::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (descriptor.get() < 0) fail("cannot write {}: {}", path.string(), reason());
  bool good = true;
  for (const std::string_view part : parts) good = good && write_all(descriptor.get(), part);
  good = good && ::fsync(descriptor.get()) == 0;
  good = good && descriptor.close() == 0;
  good = good && ::rename(aside.c_str(), path.c_str()) == 0;
  if (!good) {
    const std::string why = reason();
    ::unlink(aside.c_str());
    fail("cannot write {}: {}", path.string(), why);
  }
  sync_folder(path.parent_path());
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  const std::array<std::string_view, 1> parts{text};
  write_file(path, parts);
}

std::string file_name(std::string text) {
  std::replace(text.begin(), text.end(), '/', '-');
  return text;
}

bool is_unfinished(const std::filesystem::path& path) {
  const std::string ending = path.extension().string();
  return ending.starts_with(part_ending) && ending.size() > std::strlen(part_ending) &&
         ending.find_first_not_of("0123456789", std::strlen(part_ending)) == std::string::npos;
}

std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder) {
  std::error_code code;
  std::vector<std::filesystem::path> paths;
  for (std::filesystem::directory_iterator i(folder, code), end; !code && i != end; i.increment(code))
    paths.push_back(i->path());
  if (code) fail("cannot read {}: {}", folder.string(), code.message());
  std::sort(paths.begin(), paths.end());
  return paths;
}

void make_folder(const std::filesystem::path& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) fail("cannot make the folder {}: {}", path.string(), code.message());
}

}  // namespace halfwave
