#include "halfwave/data/pnm.h"

#include <cstdint>

#include "halfwave/base/error.h"

namespace halfwave {
namespace {

constexpr std::string_view spaces = " \t\r\n\v\f";

bool is_space(char c) { return spaces.find(c) != std::string_view::npos; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class PnmParser {
 public:
  PnmParser(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  // The next number as text, behind white space and comments; one that is too large ends the file's chances.
  std::uint32_t number() {
    while (at_ < bytes_.size() && (is_space(bytes_[at_]) || bytes_[at_] == '#')) {
      at_ = bytes_[at_] == '#' ? std::min(bytes_.find('\n', at_), bytes_.size()) : at_ + 1;
    }
    if (at_ == bytes_.size() || !is_digit(bytes_[at_])) refuse();
    std::uint32_t value = 0;
    for (; at_ < bytes_.size() && is_digit(bytes_[at_]); ++at_) {
      value = value * 10 + static_cast<std::uint32_t>(bytes_[at_] - '0');
      if (value > 1'000'000) refuse();
    }
    return value;
  }

  // The next number of one byte, or of two, the upper one first.
  std::uint32_t binary(bool wide) {
    std::uint32_t value = byte();
    if (wide) value = value << 8 | byte();
    return value;
  }

  std::uint32_t byte() {
    if (at_ == bytes_.size()) refuse();
    return static_cast<std::uint8_t>(bytes_[at_++]);
  }

  void skip(std::size_t count) { at_ += count; }
  std::size_t left() const { return bytes_.size() - at_; }
  [[noreturn]] void refuse() const { fail("{}: the PGM or PPM image is cut or damaged", name_); }

 private:
  std::string_view bytes_;
  const std::string& name_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_pnm(std::string_view bytes) {
  return bytes.size() >= 3 && bytes[0] == 'P' &&
         std::string_view("2356").find(bytes[1]) != std::string_view::npos &&
         (is_space(bytes[2]) || bytes[2] == '#');
}

// netpbm's manual pages pgm(5) and ppm(5).
Image decode_pnm(std::string_view bytes, const std::string& name) {
  PnmParser parser(bytes, name);
  const bool text = bytes[1] == '2' || bytes[1] == '3';
  const bool grey = bytes[1] == '2' || bytes[1] == '5';
  parser.skip(2);
  const std::uint32_t width = parser.number();
  const std::uint32_t height = parser.number();
  const std::uint32_t largest = parser.number();
  if (width == 0 || height == 0 || largest == 0 || largest > 65535) parser.refuse();
  check_pixels(height, width, name);
  if (!text) parser.byte();  // the one white space behind the head

  Image image{.height = height, .width = width, .channels = grey ? 1 : 3, .pixels = {}};
  const std::uint64_t count = std::uint64_t{height} * width * (grey ? 1 : 3);
  const bool wide = largest > 255;
  if (parser.left() < count * (wide && !text ? 2 : 1)) parser.refuse();
  image.pixels.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint32_t value = text ? parser.number() : parser.binary(wide);
    if (value > largest) parser.refuse();
    image.pixels.push_back(static_cast<std::uint8_t>((value * 255 + largest / 2) / largest));
  }
  return image;
}

}  // namespace halfwave
