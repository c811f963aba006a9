// Which activation suits lenet5 best? Usage: compare DATA FOLDER ACTIVATION ACTIVATION...
#include <cstdio>
#include <exception>

#include "halfwave/base/error.h"
#include "halfwave/inspect/comparison.h"
#include "halfwave/net/built_in.h"
#include "halfwave/report/comparison_report.h"

int main(int count, char** arguments) try {
  if (count < 5) throw halfwave::Error("usage: compare DATA FOLDER ACTIVATION ACTIVATION...");
  std::vector<halfwave::Contestant> contestants;
  for (int i = 3; i < count; ++i) {
    contestants.push_back({arguments[i], halfwave::load_net("lenet5")});
    contestants.back().net.activation = arguments[i];
  }
  halfwave::ComparisonOptions options{.seeds = 2};
  options.setup.data = arguments[1];
  options.setup.train = {.epochs = 1, .rate = 0.02};
  const halfwave::Comparison found =
      halfwave::compare(contestants, halfwave::open_data(arguments[1]), options, arguments[2]);
  std::printf("%s", halfwave::comparison_text(found, halfwave::usual_goal(found)).c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
