#include "halfwave/tool/interrupt.h"

#include <csignal>

namespace halfwave::tool {
namespace {

volatile std::sig_atomic_t signalled = 0;

extern "C" void note_signal(int number) {
  signalled = 1;
  std::signal(number, SIG_DFL);
}

}  // namespace

Interrupt::Interrupt() {
  signalled = 0;
  std::signal(SIGINT, &note_signal);
  std::signal(SIGTERM, &note_signal);
}

Interrupt::~Interrupt() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool Interrupt::asked() { return signalled != 0; }

}  // namespace halfwave::tool
