// A project outside Halfwave: runs a net through the installed package.
#include <halfwave/net/built_in.h>
#include <halfwave/net/plan.h>

#include <vector>

int main() {
  halfwave::Net net(halfwave::load_net("lenet5"));
  net.initialise(1);
  halfwave::Plan plan(net, {.batch = 1});
  const std::vector<float> image(net.input().size(), 0.5F);
  const float* scores = plan.forward(image.data(), 1);
  return scores[0] == scores[0] ? 0 : 1;  // a NaN is not equal to itself
}
