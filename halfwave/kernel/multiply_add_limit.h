// What the machine can do at most: float32 multiply-adds with nothing to load.
#pragma once

namespace halfwave::kernel {

// Measured on all threads of the pool for a third of a second: floating-point operations a second, a
// multiply-add counted as two.
double measure_multiply_add_limit();

}  // namespace halfwave::kernel
