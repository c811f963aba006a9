// Event files, read back field by field as TFRecord and protocol buffers are defined.
#include "halfwave/report/event_file.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <numeric>

#include "halfwave/data/png.h"

namespace halfwave {
namespace {

// A bit at a time, from the polynomial 0x1edc6f41.
std::uint32_t slow_crc32c(const std::string& bytes) {
  std::uint32_t crc = ~0U;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
  }
  return ~crc;
}

template <class Number>
Number number_at(const std::string& bytes, std::size_t at) {
  Number number{};
  std::memcpy(&number, bytes.data() + at, sizeof number);  // this machine is little-endian, as the format is
  return number;
}

// The data of all records, their checksums tried.
std::vector<std::string> records(const std::string& file) {
  const auto masked = [](const std::string& bytes) {
    const std::uint32_t crc = slow_crc32c(bytes);
    return (crc >> 15 | crc << 17) + 0xa282ead8U;
  };
  std::vector<std::string> result;
  for (std::size_t at = 0; at < file.size();) {
    const auto length = number_at<std::uint64_t>(file, at);
    EXPECT_EQ(number_at<std::uint32_t>(file, at + 8), masked(file.substr(at, 8)));
    result.push_back(file.substr(at + 12, length));
    EXPECT_EQ(number_at<std::uint32_t>(file, at + 12 + length), masked(result.back()));
    at += 16 + length;
  }
  return result;
}

// The fields of a message, by number: bytes as they are.
std::multimap<int, std::string> fields(const std::string& message) {
  std::multimap<int, std::string> result;
  std::size_t at = 0;
  const auto variable = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(message.at(at++));
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.size()) {
    const std::uint64_t key = variable();
    const auto field = static_cast<int>(key >> 3);
    std::size_t size = 0;
    switch (key & 7) {
      case 0: {
        const std::uint64_t value = variable();
        result.emplace(field, std::to_string(value));
        continue;
      }
      case 1:
        size = 8;
        break;
      case 2:
        size = variable();
        break;
      default:
        size = 4;
    }
    result.emplace(field, message.substr(at, size));
    at += size;
  }
  return result;
}

TEST(EventFile, ChecksumsAreThoseOfTheStandard) { EXPECT_EQ(slow_crc32c("123456789"), 0xe3069283U); }

TEST(EventFile, HoldsWhatWasPutIn) {
  const Image image{1, 2, 1, {0, 255}};
  const float values[] = {-1, 0, 2};
  const std::vector<EventValue> put{
      {"loss/train", 0.25}, {"picture", image}, {"weight", event_histogram(values)}};
  const std::vector<std::string> found = records(event_file(1234.5, 300, put));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(fields(found[0]).find(3)->second, "brain.Event:2");
  const auto event = fields(found[1]);
  EXPECT_EQ(number_at<double>(event.find(1)->second, 0), 1234.5);
  EXPECT_EQ(event.find(2)->second, "300");
  const auto summary = fields(event.find(5)->second);
  ASSERT_EQ(summary.count(1), 3U);
  auto value = summary.find(1);
  const auto scalar = fields(value->second);
  EXPECT_EQ(scalar.find(1)->second, "loss/train");
  EXPECT_EQ(number_at<float>(scalar.find(2)->second, 0), 0.25F);
  const auto picture = fields(fields((++value)->second).find(4)->second);
  EXPECT_EQ(picture.find(1)->second, "1");
  EXPECT_EQ(picture.find(2)->second, "2");
  EXPECT_EQ(picture.find(3)->second, "1");
  EXPECT_EQ(decode_image(picture.find(4)->second, "picture").pixels, image.pixels);
  const auto histogram = fields(fields((++value)->second).find(5)->second);
  EXPECT_EQ(number_at<double>(histogram.find(1)->second, 0), -1);
  EXPECT_EQ(number_at<double>(histogram.find(2)->second, 0), 2);
  EXPECT_EQ(number_at<double>(histogram.find(3)->second, 0), 3);
  EXPECT_EQ(histogram.find(6)->second.size(), histogram.find(7)->second.size());
}

TEST(EventFile, HistogramsCountEachFiniteValueWhereItLies) {
  std::vector<float> values{0,
                            0,
                            1e-30F,
                            -1e-30F,
                            3,
                            3.1F,
                            -5,
                            std::numeric_limits<float>::max(),
                            std::numeric_limits<float>::infinity(),
                            std::nanf("")};
  const EventHistogram h = event_histogram(values);
  EXPECT_EQ(h.count, 8);
  EXPECT_EQ(h.least, -5);
  EXPECT_EQ(h.most, static_cast<double>(std::numeric_limits<float>::max()));
  EXPECT_EQ(std::accumulate(h.counts.begin(), h.counts.end(), 0.0), 8);
  ASSERT_EQ(h.limits.size(), h.counts.size());
  for (std::size_t i = 0; i < h.limits.size(); ++i) {
    const double low = i == 0 ? -std::numeric_limits<double>::infinity() : h.limits[i - 1];
    double expected = 0;
    for (const float single : values) {
      const auto value = static_cast<double>(single);
      expected += std::isfinite(value) && value >= low && value < h.limits[i] ? 1 : 0;
    }
    EXPECT_EQ(h.counts[i], expected) << low << " to " << h.limits[i];
  }
}

TEST(EventFile, OfNothingThereIsAHistogramToo) {
  const EventHistogram h = event_histogram({});
  EXPECT_EQ(h.count, 0);
  EXPECT_TRUE(h.counts.empty());
}

}  // namespace
}  // namespace halfwave
