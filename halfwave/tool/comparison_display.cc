#include "halfwave/tool/comparison_display.h"

#include <fmt/format.h>

#include <cstdio>

#include "halfwave/base/table.h"
#include "halfwave/report/comparison_report.h"
#include "halfwave/tool/interrupt.h"

namespace halfwave::tool {

bool ComparisonDisplay::show(const ComparisonProgress& progress) {
  tell(progress.so_far);
  const double elapsed = seconds_now() - start_;
  if (!begun_ && progress.done > 0) begun_.emplace(progress.done, elapsed);
  std::string note = progress.doing;
  // What was done before counts for nothing here.
  if (begun_ && progress.done > begun_->first) {
    const double pace = (elapsed - begun_->second) / (progress.done - begun_->first);
    note += fmt::format("  {} left", duration_text(pace * (1 - progress.done)));
  }
  bar_.show("comparing", progress.done, note, [&] { return standings_text(progress.so_far); });
  return !Interrupt::asked();
}

void ComparisonDisplay::tell(const Comparison& comparison) {
  for (const Compared& compared : comparison.contestants) {
    for (const ComparedRun& run : compared.runs) {
      const bool failed = !run.failure.empty();
      const bool whole = failed || !run.inspection.layers.empty();
      if (!whole || !told_.insert(fmt::format("{} {}", compared.name, run.seed)).second) continue;
      bar_.clear();
      if (failed) {
        fmt::print("{}, seed {}: {}\n", compared.name, run.seed, run.failure);
      } else {
        const EpochResult& last = run.history.back();
        fmt::print("{}, seed {}: test {} after {} epochs\n", compared.name, run.seed,
                   comparison.regression ? fmt::format("R2 {:.4f}", last.test_accuracy)
                                         : fmt::format("accuracy {:.2f} %", last.test_accuracy * 100),
                   last.epoch);
      }
      std::fflush(stdout);
    }
  }
}

}  // namespace halfwave::tool
