// What the kernels are made of, for those who want to repeat a measurement.
#pragma once

#include <string>

namespace halfwave::kernel {

// "GCC 12.2.0, oneDNN 2.6.3".
std::string library_versions();

// The instruction set that is used, in Highway's words: "AVX2", "AVX3_ZEN4".
std::string instruction_set();

}  // namespace halfwave::kernel
