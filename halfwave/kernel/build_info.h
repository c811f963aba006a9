// What the kernels are made of, for those who want to repeat a measurement.
#pragma once

#include <string>

namespace halfwave::kernel {

std::string compiler();        // "GCC 12.2.0"
std::string onednn_version();  // of the library that is loaded: "2.6.3"

// The instruction set that our kernels use here, in Highway's words: "AVX2", "AVX3" (AVX-512).
std::string instruction_set();

}  // namespace halfwave::kernel
