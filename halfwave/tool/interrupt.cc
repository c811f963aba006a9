#include "halfwave/tool/interrupt.h"

#include <csignal>

namespace halfwave::tool {
namespace {

volatile std::sig_atomic_t signalled = 0;

constexpr int numbers[] = {SIGINT, SIGTERM, SIGHUP};

extern "C" void note_signal(int) {
  // A second one of any kind ends the process.
  signalled = 1;
  for (const int each : numbers) std::signal(each, SIG_DFL);
}

}  // namespace

Interrupt::Interrupt() {
  signalled = 0;
  for (const int each : numbers) {
    // nohup stays nohup.
    if (std::signal(each, &note_signal) == SIG_IGN && each == SIGHUP) std::signal(each, SIG_IGN);
  }
}

Interrupt::~Interrupt() {
  for (const int each : numbers) {
    if (std::signal(each, SIG_DFL) == SIG_IGN) std::signal(each, SIG_IGN);
  }
}

bool Interrupt::asked() { return signalled != 0; }

}  // namespace halfwave::tool
