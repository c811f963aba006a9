// The activations for C99, and for languages that call C: an activation is found once by name, and then
// called with pointers and a length. No exception leaves these functions; all may be called from any thread.
// The same for C++: function.h.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// An activation, ready to be called; a plain value, free to copy, with nothing to free. The pointers are
// those for the best instruction set of this CPU; they may be called by themselves, with parameters as the
// last argument.
struct halfwave_activation {
  void (*forward)(const float* x, float* y, size_t n, const float* parameters);
  void (*backward)(const float* saved, const float* dy, float* dx, size_t n, const float* parameters);
  float parameters[3];
  int backward_from_y;  // whether saved is to be y (else x)
};

// text is the name of an activation with its parameters, where they are not to have their defaults: "gelu",
// "leaky_relu:slope=0.1", "hard_tanh:minimum=-2,maximum=2".
// Returns 0. When text is no such thing, or NULL, returns 1, leaves *out alone, and writes to message what is
// wrong, in one line, ended by a 0 and cut to message_size bytes (512 are enough; message may be
// NULL if it is 0).
int halfwave_activation_find(const char* text, struct halfwave_activation* out, char* message,
                             size_t message_size);

// y[i] = f(x[i]) for i < n. y may be x; any other overlap is not allowed. Any alignment. The bits of y[i]
// depend on x[i] and the instruction set alone; a NaN gives a NaN.
void halfwave_activation_forward(const struct halfwave_activation* activation, const float* x, float* y,
                                 size_t n);

// dx[i] = dy[i] * f'(x[i]) for i < n, where saved is y if activation->backward_from_y, else x. dx may be dy
// or saved. Where the slope or dy is NaN, dx is NaN. Where the slope is exactly 0, dx is 0 unless dy is NaN
// or infinite.
void halfwave_activation_backward(const struct halfwave_activation* activation, const float* saved,
                                  const float* dy, float* dx, size_t n);

#ifdef __cplusplus
}
#endif
