// Which of several is better, when each has been tried several times under the same conditions: the order of
// their means, and which differences are more than chance.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace halfwave {

// Probability of |t| or more by Student's distribution, of so many degrees of freedom, 1 or more.
double student_p_value(double t, int freedom);

struct Ranked {
  std::size_t contestant = 0;
  double mean = 0;
  double deviation = 0;   // of the sample; 0 of one result
  std::size_t place = 1;  // 1 + the number of those that are better beyond chance
};

// results[contestant][trial], as many of each, those of one trial under the same conditions; higher is
// better; NaN: it failed. From the highest mean to the lowest, those that ever failed (mean and deviation of
// the rest) behind all others. Better beyond chance: by a two-sided t-test of the difference of the means,
// with the variance that is left when contestants and trials have been allowed for (two-way analysis of
// variance; of two contestants it is the paired t-test), and a p-value below 0.05 divided by the number of
// pairs (Bonferroni), so that of all claims of one ranking none is wrong in 95 % of rankings. Who never
// failed is better than who did. With one trial nothing is beyond chance.
std::vector<Ranked> rank(std::span<const std::vector<double>> results);

}  // namespace halfwave
