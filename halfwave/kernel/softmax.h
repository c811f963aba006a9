// Softmax, log-softmax and cross-entropy over rows of `count` values: the channels of a pixel, the scores of
// an image. All is computed in double and rounded once: for rows of up to 10^4 values, softmax and
// log-softmax are within 0.501 units in the last place of the exact value. Large values do not overflow. A
// NaN makes its whole row NaN; infinities are as stated.
#pragma once

#include <cstddef>

namespace halfwave::kernel {

// y = exp(x) / sum of exp(x); y may be x. Minus infinity gives 0; infinity, or nothing but minus infinity,
// gives NaN.
void softmax(std::size_t rows, std::size_t count, const float* x, float* y);

// y = x - log(sum of exp(x)); y may be x. Beside infinity, finite values give minus infinity and itself NaN;
// nothing but minus infinity gives NaN.
void log_softmax(std::size_t rows, std::size_t count, const float* x, float* y);

// dx = y (dy - sum of dy y); dx may be dy. The sum is within count * 2^-52 of that of |dy y|.
void softmax_backward(std::size_t rows, std::size_t count, const float* y, const float* dy, float* dx);

// dx = dy - exp(y) sum of dy, for y <= 0; dx may be dy. The sum is within count * 2^-52 of that of |dy|.
void log_softmax_backward(std::size_t rows, std::size_t count, const float* y, const float* dy, float* dx);

// Of one row, by the calling thread: log(sum of exp(x)) - x[label], within (count + 50) * 2^-52 (1 + itself),
// and, where gradient is not null, its derivative by x times share: gradient = (softmax(x) - target) share,
// the target 1 for the label, else 0. Beside infinity the other values have no share; the label's is NaN if
// it is infinite itself.
double softmax_cross_entropy(std::size_t count, const float* x, std::size_t label, double share,
                             float* gradient);

}  // namespace halfwave::kernel
