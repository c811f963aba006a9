// How exact pictures are that the JPEG decoder itself makes smaller: each file is fitted to each size from
// the picture in full, and from the half, quarter or eighth that decode_image() takes for that size.
//   jpeg_scaling FILE.jpg ... [--size 224 --size 112]
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "halfwave/data/fit.h"

int main(int count, char** arguments) try {
  std::vector<std::string> files;
  std::vector<std::int64_t> sizes{224, 112, 64, 32};
  CLI::App app("How exact pictures are that the JPEG decoder itself makes smaller", "jpeg_scaling");
  app.add_option("FILE", files)->required();
  app.add_option("--size", sizes);
  CLI11_PARSE(app, count, arguments);

  fmt::print("| File | Size | Decoded at | Mean difference | 99 % below | Largest | PSNR |\n");
  fmt::print("| --- | --- | --- | --- | --- | --- | --- |\n");
  for (const std::string& file : files) {
    const halfwave::Image whole = halfwave::read_image(file);
    for (const std::int64_t size : sizes) {
      const halfwave::Shape shape{.height = size, .width = size, .channels = whole.channels};
      const halfwave::Image small = halfwave::read_image(file, {size, size});
      const halfwave::Image expected = halfwave::fit(whole, shape);
      const halfwave::Image got = halfwave::fit(small, shape);
      std::vector<int> differences;
      differences.reserve(got.pixels.size());
      double sum = 0;
      double squares = 0;
      for (std::size_t i = 0; i < got.pixels.size(); ++i) {
        differences.push_back(std::abs(got.pixels[i] - expected.pixels[i]));
        sum += differences.back();
        squares += differences.back() * differences.back();
      }
      std::sort(differences.begin(), differences.end());
      const auto values = static_cast<double>(differences.size());
      fmt::print("| {} of {} x {} | {} | 1 / {:.0f} | {:.2f} | {} | {} | {} |\n",
                 file.substr(file.rfind('/') + 1), whole.width, whole.height, size,
                 std::round(static_cast<double>(whole.height) / static_cast<double>(small.height)),
                 sum / values, differences[differences.size() * 99 / 100], differences.back(),
                 squares > 0 ? fmt::format("{:.1f} dB", 10 * std::log10(255.0 * 255.0 * values / squares))
                             : "equal");
    }
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
