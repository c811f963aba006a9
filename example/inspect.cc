// Says what is wrong with the units of a model. Usage: inspect MODEL DATA
#include <cstdio>
#include <exception>

#include "halfwave/base/error.h"
#include "halfwave/inspect/finding.h"

int main(int count, char** arguments) try {
  if (count != 3) throw halfwave::Error("usage: inspect MODEL DATA");
  const halfwave::Model model = halfwave::load_model(arguments[1]);
  const halfwave::Inspection health =
      halfwave::inspect(model.net, halfwave::open_data(arguments[2]).test, model.info);
  for (const halfwave::LayerHealth& layer : health.layers)
    std::printf("%s: %zu units, %.1f %% zeros\n", layer.name.c_str(), layer.units.size(),
                100 * layer.zero_share);
  for (const halfwave::Finding& finding : halfwave::find_faults(health, {halfwave::RuleSet::sagemaker}))
    std::printf("%s\n", finding.what.c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
