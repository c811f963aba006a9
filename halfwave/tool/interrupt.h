// Ctrl-C (and SIGTERM, and the SIGHUP of a closed terminal): the first asks the work to end at a good moment,
// a second one ends the process at once.
#pragma once

namespace halfwave::tool {

class Interrupt {
 public:
  Interrupt();   // from now on
  ~Interrupt();  // the old behaviour again
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  static bool asked();
};

}  // namespace halfwave::tool
