// What units put out, as NumPy counts it on the same values (test/golden/make_golden.py).
#include <gtest/gtest.h>

#include "halfwave/kernel/unit_statistics.h"
#include "halfwave/net/safetensors.h"

namespace halfwave {
namespace {

std::vector<float> floats_of(const SafetensorsFile& file, const std::string& name,
                             std::vector<std::int64_t>& dims) {
  const TensorEntry* entry = file.find(name);
  if (entry == nullptr) ADD_FAILURE() << name;
  dims = entry->dims;
  std::size_t count = 1;
  for (const std::int64_t dim : dims) count *= static_cast<std::size_t>(dim);
  std::vector<float> values(count);
  file.copy_floats(name, dims, values);
  return values;
}

TEST(UnitGolden, AgreesWithNumPy) {
  for (const char* const name : {"maps", "narrow_maps", "vectors"}) {
    SCOPED_TRACE(name);
    const SafetensorsFile file = SafetensorsFile::read(
        std::string(HALFWAVE_TEST_FOLDER "/golden/units_") + name + ".safetensors", false);
    std::vector<std::int64_t> dims;
    const std::vector<float> x = floats_of(file, "x", dims);
    ASSERT_EQ(dims.size(), 3U);
    const auto images = static_cast<std::size_t>(dims[0]);
    const auto pixels = static_cast<std::size_t>(dims[1]);
    const auto units = static_cast<std::size_t>(dims[2]);
    kernel::UnitStatistics statistics(units);
    statistics.add(x.data(), images, pixels);
    const auto compare = [&](const char* what, double bound, auto figure) {
      std::vector<std::int64_t> shape;
      const std::vector<float> expected = floats_of(file, what, shape);
      ASSERT_EQ(expected.size(), units);
      for (std::size_t unit = 0; unit < units; ++unit)
        EXPECT_NEAR(figure(unit), static_cast<double>(expected[unit]), bound) << what << " of " << unit;
    };
    // The file's figures are rounded to floats; ours within 2e-6 of the largest value, here up to 7 (its
    // square).
    const auto values = static_cast<double>(images * pixels);
    const auto count = static_cast<double>(images);
    compare("zero_share", 1e-7,
            [&](std::size_t u) { return static_cast<double>(statistics.zeros(u)) / values; });
    compare("active_share", 1e-7,
            [&](std::size_t u) { return static_cast<double>(statistics.active(u)) / count; });
    compare("mean", 2e-5, [&](std::size_t u) { return statistics.mean(u); });
    compare("mean_magnitude", 2e-5, [&](std::size_t u) { return statistics.mean_magnitude(u); });
    compare("variance", 1e-4, [&](std::size_t u) { return statistics.variance(u); });
    compare("minimum", 0, [&](std::size_t u) { return static_cast<double>(statistics.minimum(u)); });
    compare("maximum", 0, [&](std::size_t u) { return static_cast<double>(statistics.maximum(u)); });
  }
}

}  // namespace
}  // namespace halfwave
