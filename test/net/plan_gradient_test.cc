// The gradients of whole nets, values used several times among them, against differences. Smooth activations,
// as the inputs of hidden kinks cannot be kept away from them.
#include <gtest/gtest.h>

#include "../layer/gradient_check.h"

namespace halfwave {
namespace {

TEST(PlanGradient, AgreesWithDifferencesWhereValuesAreUsedSeveralTimes) {
  check_gradient(
      {"{ conv = 3, kernel = 3, pad = 1, name = 'a' }, { layer = 'tanh', name = 't' }, "
       "{ conv = 3, kernel = 1, from = 't', name = 'b' }, { add = ['b', 't', 'input', 'b'] }, 'softplus'",
       {3, 3, 3}});
  check_gradient(
      {"{ layer = 'sigmoid', name = 's' }, { concat = ['s', 'input', 's'] }, { linear = 3 }", {2, 2, 2}});
  check_gradient(
      {"{ linear = 4, name = 'a' }, { layer = 'flatten', name = 'f' }, { layer = 'tanh', from = 'a', name = "
       "'t' }, "
       "{ add = ['t', 'f', 'a'] }, 'silu'",
       {1, 1, 5},
       3});
}

TEST(PlanGradient, AgreesWithDifferencesInAResidualBlock) {
  check_gradient(
      {"{ conv = 3, kernel = 3, pad = 1, bias = false }, { layer = 'tanh', name = 's' }, "
       "{ conv = 3, kernel = 3, pad = 1, bias = false }, { layer = 'batch_norm', name = 'n' }, "
       "{ add = ['n', 's'] }, 'tanh', 'global_avg_pool', { linear = 3 }, 'log_softmax'",
       {4, 4, 2},
       3});
}

TEST(PlanGradient, AgreesWithDifferencesInAChain) {
  check_gradient(
      {"{ conv = 4, kernel = 3 }, 'softplus', { avg_pool = 2 }, 'local_response_norm', 'flatten', "
       "{ linear = 5 }, 'gelu', { dropout = 0.3 }, { linear = 2 }",
       {6, 6, 1}});
}

}  // namespace
}  // namespace halfwave
