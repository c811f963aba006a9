#include "halfwave/net/safetensors.h"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "halfwave/base/error.h"
#include "halfwave/base/file.h"

namespace halfwave {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the format is little-endian; so are all machines meant");

constexpr std::string_view checksum_key = "halfwave.crc32";
constexpr std::string_view no_checksum = "00000000";  // what stands in its place while it is computed
constexpr std::uint64_t largest_file = std::uint64_t{1} << 33;
constexpr std::uint64_t largest_header = 100'000'000;  // the format's own limit
constexpr std::size_t prefix = 8;

std::size_t value_size(std::string_view dtype) {
  if (dtype == "U8" || dtype == "I8" || dtype == "BOOL") return 1;
  if (dtype == "I16" || dtype == "U16" || dtype == "F16" || dtype == "BF16") return 2;
  if (dtype == "I32" || dtype == "U32" || dtype == "F32") return 4;
  if (dtype == "I64" || dtype == "U64" || dtype == "F64") return 8;
  return 0;
}

std::uint32_t crc(std::uint32_t start, std::string_view bytes) {
  if (bytes.empty()) return start;  // zlib takes a null pointer for the wish to start anew
  return static_cast<std::uint32_t>(
      ::crc32_z(start, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// Where the checksum's digits are in the header.
std::size_t checksum_place(std::string_view header) {
  const std::string text = fmt::format("\"{}\":\"", checksum_key);
  const std::size_t at = header.find(text);
  return at == std::string_view::npos ? at : at + text.size();
}

}  // namespace

SafetensorsFile SafetensorsFile::read(const std::filesystem::path& path, bool checksum_required) {
  SafetensorsFile file;
  file.path_ = path.string();
  file.bytes_ = read_file(path, largest_file);
  const std::string& bytes = file.bytes_;
  const auto damaged = [&](const std::string& what) {
    fail("{} is no sound safetensors file: {}", file.path_, what);
  };
  if (bytes.size() < prefix) damaged(fmt::format("it has only {} bytes", bytes.size()));
  std::uint64_t header_size = 0;
  std::memcpy(&header_size, bytes.data(), prefix);
  if (header_size > largest_header || header_size > bytes.size() - prefix) {
    damaged(fmt::format("its header is said to have {} bytes, the file has {}", header_size, bytes.size()));
  }
  const auto header = std::string_view(bytes).substr(prefix, header_size);
  const std::string_view data = std::string_view(bytes).substr(prefix + header_size);

  const std::size_t place = checksum_place(header);
  if (place != std::string_view::npos && place + no_checksum.size() <= header.size()) {
    std::uint32_t sum = crc(0, std::string_view(bytes).substr(0, prefix + place));
    sum = crc(sum, no_checksum);
    sum = crc(sum, std::string_view(bytes).substr(prefix + place + no_checksum.size()));
    if (fmt::format("{:08x}", sum) != header.substr(place, no_checksum.size())) {
      damaged("its checksum does not match, so it was damaged or cut");
    }
  } else if (checksum_required) {
    damaged("it has no checksum of Halfwave");
  }

  try {
    const auto json = nlohmann::json::parse(header);
    if (!json.is_object()) damaged("its header is no JSON object");
    for (const auto& [name, value] : json.items()) {
      if (name == "__metadata__") {
        file.metadata_ = value.get<std::map<std::string, std::string>>();
        continue;
      }
      TensorEntry entry{name, value.at("dtype").get<std::string>(), {}, {}};
      const std::size_t size = value_size(entry.dtype);
      if (size == 0) damaged(fmt::format("tensor '{}' has the unknown type '{}'", name, entry.dtype));
      std::uint64_t count = size;
      // Whole numbers in arrays: the library would round others.
      const auto whole_numbers = [](const nlohmann::json& list) {
        return list.is_array() && std::all_of(list.begin(), list.end(),
                                              [](const auto& number) { return number.is_number_integer(); });
      };
      if (!whole_numbers(value.at("shape")) || !whole_numbers(value.at("data_offsets"))) {
        damaged(fmt::format("the shape or the offsets of tensor '{}' are no whole numbers", name));
      }
      for (const auto& dim : value.at("shape")) {
        const auto n = dim.get<std::int64_t>();
        if (n < 0 || (n > 0 && count > largest_file / static_cast<std::uint64_t>(n))) {
          damaged(fmt::format("tensor '{}' has an impossible shape", name));
        }
        count *= static_cast<std::uint64_t>(n);
        entry.dims.push_back(n);
      }
      const auto offsets = value.at("data_offsets").get<std::vector<std::uint64_t>>();
      if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data.size() ||
          offsets[1] - offsets[0] != count) {
        damaged(fmt::format("the data of tensor '{}' do not lie within the file", name));
      }
      entry.bytes = data.substr(offsets[0], count);
      file.entries_.push_back(std::move(entry));
    }
  } catch (const nlohmann::json::exception& error) {
    damaged(fmt::format("its header is not understood ({})", error.what()));
  }
  return file;
}

const std::string& SafetensorsFile::text(const std::string& key) const {
  const auto found = metadata_.find(key);
  if (found == metadata_.end()) fail("{} is no file of Halfwave: it has no '{}' in its metadata", path_, key);
  return found->second;
}

const TensorEntry* SafetensorsFile::find(std::string_view name) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const TensorEntry& e) { return e.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

void SafetensorsFile::copy_floats(std::string_view name, std::span<const std::int64_t> dims,
                                  std::span<float> values) const {
  const TensorEntry* entry = find(name);
  if (entry == nullptr) fail("{}: tensor '{}' is missing", path_, name);
  if (entry->dtype != "F32") fail("{}: tensor '{}': expected type F32, got {}", path_, name, entry->dtype);
  if (!std::equal(dims.begin(), dims.end(), entry->dims.begin(), entry->dims.end())) {
    fail("{}: tensor '{}': expected shape [{}], got [{}]", path_, name, fmt::join(dims, ", "),
         fmt::join(entry->dims, ", "));
  }
  std::memcpy(values.data(), entry->bytes.data(), values.size_bytes());
}

TensorEntry float_entry(std::string name, std::vector<std::int64_t> dims, std::span<const float> values) {
  return {std::move(name),
          "F32",
          std::move(dims),
          {reinterpret_cast<const char*>(values.data()), values.size_bytes()}};
}

void write_safetensors(const std::filesystem::path& path, std::map<std::string, std::string> metadata,
                       std::span<const TensorEntry> entries) {
  metadata[std::string(checksum_key)] = no_checksum;
  nlohmann::ordered_json json;
  json["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const TensorEntry& entry : entries) {
    json[entry.name] = {{"dtype", entry.dtype},
                        {"shape", entry.dims},
                        {"data_offsets", {offset, offset + entry.bytes.size()}}};
    offset += entry.bytes.size();
  }
  std::string header(prefix, '\0');
  header += json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  while (header.size() % 64 != 0) header += ' ';
  const std::uint64_t header_size = header.size() - prefix;
  std::memcpy(header.data(), &header_size, prefix);
  std::uint32_t sum = crc(0, header);
  for (const TensorEntry& entry : entries) sum = crc(sum, entry.bytes);
  header.replace(prefix + checksum_place(std::string_view(header).substr(prefix)), no_checksum.size(),
                 fmt::format("{:08x}", sum));
  std::vector<std::string_view> parts{header};
  for (const TensorEntry& entry : entries) parts.push_back(entry.bytes);
  write_file(path, parts);
}

}  // namespace halfwave
