// Prints an activation and its slope at some points, from C. Usage: activation [TEXT], as in
// leaky_relu:slope=0.1
#include <stdio.h>

#include "halfwave/activation/halfwave_activation.h"

int main(int count, char** arguments) {
  struct halfwave_activation f;
  char message[512];
  if (halfwave_activation_find(count > 1 ? arguments[1] : "gelu", &f, message, sizeof message) != 0) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  enum { n = 5 };
  const float x[n] = {-2, -1, 0, 1, 2};
  float y[n];
  float slope[n] = {1, 1, 1, 1, 1};  // dy, and in its place dx
  halfwave_activation_forward(&f, x, y, n);
  halfwave_activation_backward(&f, f.backward_from_y ? y : x, slope, slope, n);
  for (int i = 0; i < n; ++i) printf("x %4.1f  y %9.6f  slope %9.6f\n", x[i], y[i], slope[i]);
  return 0;
}
