// A smooth function by pieces: 32 polynomials, each about a point of its own, which a processor that looks up
// 32 numbers in two registers (AVX-512) evaluates without any function of the C library.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>

namespace halfwave::catalogue {

inline constexpr std::size_t table_pieces = 32;

struct TableShape {
  std::size_t degree = 0;  // of each polynomial
  double spacing = 1;      // piece k is for |x - k spacing| <= spacing / 2; a power of two
  int first = 0;           // the pieces are first .. first + 31, at index k mod 32
  bool mirrored = false;   // whether it is a table of f(-x)
};

using TableRow = std::array<float, table_pieces>;

template <std::size_t degree>
struct PolynomialTable {
  // Row 0: the points; row 1 + k: the coefficients of (x - point)^k.
  alignas(64) std::array<TableRow, degree + 2> rows{};
};

// Fills the rows of a table for f. The points lie in their pieces, nearer to the end where f is smaller, and
// where f is almost a float: so the largest coefficient has almost no rounding error (Gal 1986, "Computing
// elementary functions: a new approach for achieving high accuracy and good performance"). The polynomials
// interpolate at Chebyshev's nodes. Where f(0) = 0, the point of piece 0 is 0 and f keeps its relative
// precision.
void fit(const TableShape& shape, const std::function<double(double)>& f, std::span<TableRow> rows);

}  // namespace halfwave::catalogue
