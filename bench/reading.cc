// Pictures a second that a Loader reads from class folders, nothing kept in memory. Prints one JSON line.
//   reading FOLDER [--size 224] [--threads 2]
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>

#include "halfwave/base/clock.h"
#include "halfwave/base/parallel.h"
#include "halfwave/data/loader.h"

int main(int count, char** arguments) try {
  std::string folder;
  std::int64_t size = 0;
  int threads = halfwave::thread_count();
  CLI::App app("Pictures a second that are read from class folders", "reading");
  app.add_option("FOLDER", folder)->required();
  app.add_option("--size", size, "Scale and crop to this size (default: their own)");
  app.add_option("--threads", threads);
  CLI11_PARSE(app, count, arguments);

  // The first time through is the scan, which also fills the page cache.
  const halfwave::DataPair data =
      halfwave::open_data(folder, {.height = size, .width = size, .channels = 3, .cache = 0});
  const halfwave::Normalisation normalisation{.mean = {0.5F, 0.5F, 0.5F}, .deviation = {0.25F, 0.25F, 0.25F}};
  halfwave::Loader loader(data.train, normalisation, {.batch = 64, .threads = threads});
  const double start = halfwave::seconds_now();
  std::int64_t images = 0;
  for (std::uint64_t i = 0; i < loader.batches(); ++i) images += loader.next().size;
  const double seconds = halfwave::seconds_now() - start;
  const nlohmann::ordered_json line{{"size", size},
                                    {"threads", threads},
                                    {"images", images},
                                    {"images_per_second", static_cast<double>(images) / seconds}};
  std::printf("%s\n", line.dump().c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
