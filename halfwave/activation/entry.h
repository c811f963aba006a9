// What the catalogue hands to the rest of this folder: for each struct of catalogue-inl.h its facts, its
// formulas in double, and its kernels for the CPU at hand. Nothing here names an activation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "halfwave/activation/activation.h"

namespace halfwave::catalogue {

using Parameters = std::array<float, max_activation_parameters>;

struct Kinks {
  std::array<double, max_activation_kinks> at{};
  std::size_t count = 0;
};

struct Entry : ActivationInfo {
  std::size_t index = 0;
  double (*value)(double x, const Parameters& parameters) = nullptr;
  double (*slope)(double x, const Parameters& parameters) = nullptr;
  long double (*long_value)(long double x, const Parameters& parameters) = nullptr;
  long double (*long_slope)(long double x, const Parameters& parameters) = nullptr;
  Activation::Range (*range)(const Parameters& parameters) = nullptr;
  Kinks (*kinks)(const Parameters& parameters) = nullptr;
  // What is wrong with the parameters taken together; empty when nothing is.
  std::string_view (*conflict)(const Parameters& parameters) = nullptr;
};

// What infos of the catalogue are.
inline const Entry& entry_of(const ActivationInfo& info) { return static_cast<const Entry&>(info); }

// parameters are those of Parameters.
struct Kernel {
  void (*forward)(const float* x, float* y, std::size_t n, const float* parameters) = nullptr;
  void (*backward)(const float* saved, const float* dy, float* dx, std::size_t n,
                   const float* parameters) = nullptr;
  // Null where ActivationInfo::backward_from_mask is false.
  void (*forward_mask)(const float* x, float* y, std::uint8_t* mask, std::size_t n,
                       const float* parameters) = nullptr;
  void (*backward_mask)(const std::uint8_t* mask, const float* dy, float* dx, std::size_t n,
                        const float* parameters) = nullptr;
};

// In the order of the catalogue.
std::span<const Entry> entries();

// Of entries()[index], for the instruction set last chosen: the best that this CPU has, or where Highway was
// told to use another, that one from the next choose_kernels() on.
const Kernel& kernel(std::size_t index);
void choose_kernels();

}  // namespace halfwave::catalogue
