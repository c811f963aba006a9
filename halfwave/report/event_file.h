// Event files, as TensorBoard opens them: records (TFRecord) of protocol-buffer messages (event.proto and
// summary.proto of TensorBoard), written here by hand, since no library that Debian packages knows them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "halfwave/data/image.h"

namespace halfwave {

// How many values lie below each limit and not below the one before it.
struct EventHistogram {
  double least = 0, most = 0, count = 0, sum = 0, squares = 0;
  std::vector<double> limits{}, counts{};
};
// Of finite values, in steps of a tenth of their size, as TensorFlow makes them.
EventHistogram event_histogram(std::span<const float> values);

struct EventValue {
  std::string tag;  // TensorBoard groups by what stands before the first "/"
  std::variant<double, EventHistogram, Image> value;
};

// A whole file, with all values at one step. wall_time: seconds since 1970.
std::string event_file(double wall_time, std::int64_t step, std::span<const EventValue> values);

}  // namespace halfwave
