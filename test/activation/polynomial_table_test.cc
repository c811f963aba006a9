// Tables of polynomials beside the functions that they stand for, evaluated here in double.
#include "halfwave/activation/polynomial_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

namespace halfwave::catalogue {
namespace {

template <std::size_t degree>
double evaluate(const PolynomialTable<degree>& table, double spacing, double x) {
  const auto index = static_cast<std::uint32_t>(std::lround(x / spacing)) % table_pieces;
  const double r = x - static_cast<double>(table.rows[0][index]);
  double sum = 0;
  for (std::size_t i = degree + 1; i > 0; --i) sum = sum * r + static_cast<double>(table.rows[i][index]);
  return sum;
}

// What rounding the coefficients to floats costs, most of it from the slope's, is below 2^-24 of f here.
constexpr double rounding = 0x1p-24;

TEST(PolynomialTable, FollowsTheFunction) {
  PolynomialTable<6> table;
  const TableShape shape{.degree = 6, .spacing = 0.5, .first = -16};
  const auto f = [](double x) { return std::exp(x); };
  fit(shape, f, table.rows);
  for (double x = -8.2; x < 7.7; x += 0.0137) {
    ASSERT_NEAR(evaluate(table, shape.spacing, x), f(x), rounding * f(x)) << "at " << x;
  }
}

TEST(PolynomialTable, KeepsTheRelativePrecisionAtARoot) {
  PolynomialTable<7> table;
  const TableShape shape{.degree = 7, .spacing = 0.25, .mirrored = true};
  const auto f = [](double x) { return std::expm1(x); };
  fit(shape, f, table.rows);
  EXPECT_EQ(table.rows[0][0], 0);
  EXPECT_EQ(table.rows[1][0], 0);
  for (double x = 1e-30; x < 0.125; x *= 1.5) {
    ASSERT_NEAR(evaluate(table, shape.spacing, x), f(-x), rounding * std::abs(f(-x))) << "at " << x;
  }
}

TEST(PolynomialTable, HasPointsWhereTheFunctionIsAlmostAFloat) {
  PolynomialTable<4> table;
  const auto f = [](double x) { return 1 / (1 + std::exp(x)); };
  fit({.degree = 4, .spacing = 0.5, .first = 0}, f, table.rows);
  for (std::size_t i = 0; i < table_pieces; ++i) {
    const auto stored = static_cast<double>(table.rows[1][i]);
    const double exact = f(static_cast<double>(table.rows[0][i]));
    // 1 / 128 of a unit in the last place, which is at most 2^-23 of the value.
    EXPECT_NEAR(stored, exact, exact * 0x1p-30) << "piece " << i;
  }
}

}  // namespace
}  // namespace halfwave::catalogue
