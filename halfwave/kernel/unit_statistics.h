// What the units of a layer put out, counted as it streams by: a unit is a channel of maps, or an output of a
// linear layer. Values that are not finite are counted and otherwise left out.
//
// Sums are of at most 8 floats each and then of doubles, and sums of squares are of distances from a value
// near the mean: mean, variance and mean magnitude are within 1e-6 of the exact ones, relative to the largest
// magnitude (the variance: to its square). Counts, minimum and maximum are exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace halfwave::kernel {

// Not thread-safe; join() brings those of several threads together.
class UnitStatistics {
 public:
  explicit UnitStatistics(std::size_t units);

  // Values of images x pixels x units floats. On as many threads as pay.
  void add(const float* x, std::size_t images, std::size_t pixels);
  void join(const UnitStatistics& other);

  std::size_t units() const { return units_; }
  std::int64_t images() const { return images_; }
  std::int64_t values() const { return values_; }  // of each unit

  // Of a unit: how many values are 0, how many are not finite, and in how many images one is not 0.
  std::int64_t zeros(std::size_t unit) const { return count(sums_.zeros[unit]); }
  std::int64_t not_finite(std::size_t unit) const { return count(sums_.not_finite[unit]); }
  std::int64_t active(std::size_t unit) const { return count(active_[unit]); }
  // Of its finite values; 0 where there are none. The variance is the mean of the squared distances.
  double mean(std::size_t unit) const;
  double variance(std::size_t unit) const;
  double mean_magnitude(std::size_t unit) const;
  float minimum(std::size_t unit) const;
  float maximum(std::size_t unit) const;

 private:
  // By column of rows of values: units, or those of several pixels side by side. With room for whole vectors.
  struct Sums {
    explicit Sums(std::size_t columns);
    void clear();

    std::vector<float> minimum, maximum;
    std::vector<double> distance, squares, magnitude;  // of x - centre, and of its square; of |x|
    std::vector<double> zeros, not_finite;
  };

  static std::int64_t count(double number) { return static_cast<std::int64_t>(number); }
  double finite(std::size_t unit) const { return static_cast<double>(values_) - sums_.not_finite[unit]; }
  void centre_on(const float* x, std::size_t pixels);
  void add_pixels(const float* x, std::size_t parts, std::size_t rows, bool rows_are_images);
  void add_narrow(const float* x, std::size_t parts, std::size_t rows);

  std::size_t units_;
  std::size_t together_;  // pixels of few units that make a row of whole vectors; else 1
  std::int64_t images_ = 0, values_ = 0;
  std::vector<float> centre_;  // by column
  Sums sums_;                  // by unit
  Sums wide_;                  // by column, of pixels side by side
  std::vector<double> active_;
};

}  // namespace halfwave::kernel
