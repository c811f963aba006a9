#include "halfwave/report/event_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <string_view>

#include "halfwave/data/png.h"

namespace halfwave {
namespace {

// CRC-32C (Castagnoli), reflected.
std::uint32_t crc32c(std::string_view bytes) {
  static constexpr auto table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? value >> 1 ^ 0x82f63b78U : value >> 1;
      entries[i] = value;
    }
    return entries;
  }();
  std::uint32_t crc = ~0U;
  for (const char c : bytes) crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xffU];
  return ~crc;
}

template <class Number>
void put_little_endian(std::string& out, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

// TFRecord: the length and the data, each with a checksum behind it, rotated and shifted.
void put_record(std::string& out, const std::string& data) {
  const auto masked = [](std::string_view bytes) { return std::rotr(crc32c(bytes), 15) + 0xa282ead8U; };
  std::string length;
  put_little_endian(length, static_cast<std::uint64_t>(data.size()));
  out += length;
  put_little_endian(out, masked(length));
  out += data;
  put_little_endian(out, masked(data));
}

// A message of protocol buffers: fields by number, as in the .proto files.
class Message {
 public:
  Message& number(int field, std::uint64_t value) {
    key(field, 0);
    variable(value);
    return *this;
  }
  Message& real(int field, double value) {
    key(field, 1);
    put_little_endian(bytes_, std::bit_cast<std::uint64_t>(value));
    return *this;
  }
  Message& single(int field, float value) {
    key(field, 5);
    put_little_endian(bytes_, std::bit_cast<std::uint32_t>(value));
    return *this;
  }
  Message& text(int field, std::string_view value) {
    key(field, 2);
    variable(value.size());
    bytes_ += value;
    return *this;
  }
  Message& reals(int field, const std::vector<double>& values) {
    std::string packed;
    for (const double value : values) put_little_endian(packed, std::bit_cast<std::uint64_t>(value));
    return text(field, packed);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void key(int field, unsigned type) { variable(static_cast<unsigned>(field) << 3 | type); }
  void variable(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

std::string encoded(const EventHistogram& h) {
  return Message()
      .real(1, h.least)
      .real(2, h.most)
      .real(3, h.count)
      .real(4, h.sum)
      .real(5, h.squares)
      .reals(6, h.limits)
      .reals(7, h.counts)
      .bytes();
}

std::string encoded(const Image& image) {
  return Message()
      .number(1, static_cast<std::uint64_t>(image.height))
      .number(2, static_cast<std::uint64_t>(image.width))
      .number(3, static_cast<std::uint64_t>(image.channels))
      .text(4, encode_png(image))
      .bytes();
}

std::string encoded(const EventValue& value) {
  Message message;
  message.text(1, value.tag);
  if (const auto* number = std::get_if<double>(&value.value)) {
    message.single(2, static_cast<float>(*number));
  } else if (const auto* image = std::get_if<Image>(&value.value)) {
    message.text(4, encoded(*image));
  } else {
    message.text(5, encoded(std::get<EventHistogram>(value.value)));
  }
  return message.bytes();
}

}  // namespace

EventHistogram event_histogram(std::span<const float> values) {
  // 1e-12, 1.1e-12, ..., beyond the largest float, and the same below 0.
  static const std::vector<double> positive = [] {
    std::vector<double> limits;
    for (double limit = 1e-12; limit < 1e39; limit *= 1.1) limits.push_back(limit);
    return limits;
  }();
  EventHistogram histogram;
  for (auto it = positive.rbegin(); it != positive.rend(); ++it) histogram.limits.push_back(-*it);
  histogram.limits.push_back(0);
  histogram.limits.insert(histogram.limits.end(), positive.begin(), positive.end());
  histogram.counts.assign(histogram.limits.size(), 0);
  for (const float single : values) {
    if (!std::isfinite(single)) continue;
    const auto value = static_cast<double>(single);
    histogram.least = histogram.count == 0 ? value : std::min(histogram.least, value);
    histogram.most = histogram.count == 0 ? value : std::max(histogram.most, value);
    ++histogram.count;
    histogram.sum += value;
    histogram.squares += value * value;
    ++histogram.counts[static_cast<std::size_t>(
        std::upper_bound(histogram.limits.begin(), histogram.limits.end(), value) -
        histogram.limits.begin())];
  }
  // Of the empty ones at either end one is left.
  const auto is_filled = [](double count) { return count > 0; };
  const auto first = std::find_if(histogram.counts.begin(), histogram.counts.end(), is_filled);
  const auto last = std::find_if(histogram.counts.rbegin(), histogram.counts.rend(), is_filled).base();
  const auto begin = std::max<std::ptrdiff_t>(first - histogram.counts.begin() - 1, 0);
  const auto end = std::max(last - histogram.counts.begin(), begin);
  histogram.counts = {histogram.counts.begin() + begin, histogram.counts.begin() + end};
  histogram.limits = {histogram.limits.begin() + begin, histogram.limits.begin() + end};
  return histogram;
}

std::string event_file(double wall_time, std::int64_t step, std::span<const EventValue> values) {
  std::string file;
  put_record(file, Message().real(1, wall_time).text(3, "brain.Event:2").bytes());
  Message summary;
  for (const EventValue& value : values) summary.text(1, encoded(value));
  put_record(file, Message()
                       .real(1, wall_time)
                       .number(2, static_cast<std::uint64_t>(step))
                       .text(5, summary.bytes())
                       .bytes());
  return file;
}

}  // namespace halfwave
