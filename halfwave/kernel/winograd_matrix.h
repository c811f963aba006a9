// The matrices of Winograd's convolution F(M x M, R x R): M x M outputs of an R x R filter from a tile of A x
// A inputs, A = M + R - 1, by A * A multiplications instead of M * M * R * R.
//
//   y = Output^T [ (Weight w Weight^T) . (Input x Input^T) ] Output          (. element by element)
//
// Toom and Cook's construction (Blahut 2010, Fast Algorithms for Signal Processing, chapter 5): polynomials
// are evaluated at A - 1 points and at infinity, multiplied there, and interpolated; transposed, as
// correlation wants it (Lavin and Gray 2016, Fast Algorithms for Convolutional Neural Networks). Points are 0
// and pairs +-p, so that a row for -p is that for p with the odd columns negated. The points of A = 6 are
// those with the smallest error in float: about half of that of the usual +-1, +-2 (Barabasz et al. 2020, ACM
// Transactions on Mathematical Software 46(4), on why).
#pragma once

#include <array>
#include <cstddef>

#include "halfwave/kernel/convolution.h"

namespace halfwave::kernel {

template <int Outputs, int Taps>
class Winograd {
 public:
  static constexpr int outputs = Outputs;
  static constexpr int taps = Taps;
  static constexpr int tile = Outputs + Taps - 1;
  static constexpr int points = tile * tile;  // multiplications a tile and pair of channels

  struct Input {
    static constexpr int rows = tile, columns = tile;
    static constexpr double at(int row, int column) { return values.input[index(row)][index(column)]; }
  };
  struct Weight {
    static constexpr int rows = tile, columns = Taps;
    static constexpr double at(int row, int column) { return values.weight[index(row)][index(column)]; }
  };
  struct Output {
    static constexpr int rows = tile, columns = Outputs;
    static constexpr double at(int row, int column) { return values.output[index(row)][index(column)]; }
  };

 private:
  static constexpr std::size_t index(int i) { return static_cast<std::size_t>(i); }

  template <int Columns>
  using Matrix = std::array<std::array<double, index(Columns)>, index(tile)>;
  struct Values {
    Matrix<tile> input;
    Matrix<Taps> weight;
    Matrix<Outputs> output;
  };
  using Polynomial = std::array<double, index(tile) + 1>;  // coefficients, the constant one first

  static constexpr auto finite_points() {
    if constexpr (tile == 4) {
      return std::array{0.0, 1.0, -1.0};
    } else if constexpr (tile == 6) {
      return std::array{0.0, 0.625, -0.625, 1.5, -1.5};
    } else {
      static_assert(tile == 8);
      return std::array{0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5};
    }
  }

  // The product of (x - p) over all points but `without` (a number past the last: over all).
  static constexpr Polynomial product(int without) {
    Polynomial result{1};
    for (int l = 0; l < tile - 1; ++l) {
      if (l == without) continue;
      for (int q = tile; q >= 0; --q)
        result[index(q)] = (q > 0 ? result[index(q - 1)] : 0) - finite_points()[index(l)] * result[index(q)];
    }
    return result;
  }

  static constexpr Values make() {
    constexpr auto points_ = finite_points();
    Values v{};
    for (int row = 0; row < tile - 1; ++row) {
      double others = 1;  // Lagrange's denominator
      for (int l = 0; l < tile - 1; ++l) {
        if (l != row) others *= points_[index(row)] - points_[index(l)];
      }
      const Polynomial polynomial = product(row);
      for (int column = 0; column < tile; ++column)
        v.input[index(row)][index(column)] = polynomial[index(column)];
      double power = 1;
      for (int column = 0; column < (Taps > Outputs ? Taps : Outputs); ++column) {
        if (column < Taps) v.weight[index(row)][index(column)] = power / others;
        if (column < Outputs) v.output[index(row)][index(column)] = power;
        power *= points_[index(row)];
      }
    }
    const Polynomial polynomial = product(tile);
    for (int column = 0; column < tile; ++column)
      v.input[index(tile - 1)][index(column)] = polynomial[index(column)];
    v.weight[index(tile - 1)][index(Taps - 1)] = 1;
    v.output[index(tile - 1)][index(Outputs - 1)] = 1;
    return v;
  }

  static constexpr Values values = make();
};

// Calls function(Winograd<...>()) for a tile.
template <class Function>
auto for_tile(WinogradTile tile, Function&& function) {
  switch (tile) {
    case WinogradTile::f6x6_3x3:
      return function(Winograd<6, 3>());
    case WinogradTile::f2x2_5x5:
      return function(Winograd<2, 5>());
    case WinogradTile::f4x4_5x5:
      return function(Winograd<4, 5>());
    default:
      return function(Winograd<4, 3>());
  }
}

}  // namespace halfwave::kernel
