#include "halfwave/tool/rate_finder.h"

#include <fmt/format.h>

#include "halfwave/base/file.h"
#include "halfwave/report/rate_curve.h"
#include "halfwave/tool/interrupt.h"
#include "halfwave/tool/progress_bar.h"
#include "halfwave/train/rate_test.h"

namespace halfwave::tool {

void find_rate(Trainer& trainer, const std::string& data) {
  const std::string& name = trainer.net().spec().name;
  const Interrupt interrupt;
  ProgressBar bar;
  constexpr std::size_t steps = 200;
  const RateTest test = test_rates(trainer, steps, 1e-6, 10, [&](std::size_t done) {
    bar.show("trying rates", static_cast<double>(done) / steps, fmt::format("step {} of {}", done, steps));
    return !Interrupt::asked();
  });
  bar.clear();
  const std::string file = file_name(name + "-rates.svg");
  write_file(file, rate_curve_svg(test, fmt::format("Rates for {} on {} ({})", name, data,
                                                    to_string(trainer.options().optimiser))));
  fmt::print(
      "the loss falls up to a rate of {:.2g}; {} shows it\n"
      "try --rate {:.2g}, or up to {:.2g} with --schedule one_cycle\n",
      test.highest, file, test.good, test.highest);
}

}  // namespace halfwave::tool
