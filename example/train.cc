// Trains LeNet-5 for an epoch and stores the model. Usage: train [DATA [MODEL]]
#include <cstdio>
#include <exception>
#include <string>

#include "halfwave/net/built_in.h"
#include "halfwave/train/trainer.h"

int main(int count, char** arguments) try {
  const std::string data = count > 1 ? arguments[1] : "fashion-mnist";
  const std::string file = count > 2 ? arguments[2] : "lenet5.safetensors";

  halfwave::Net net(halfwave::load_net("lenet5"));
  halfwave::Trainer trainer(net, halfwave::open_data(data), {.epochs = 1});
  trainer.run({.on_epoch = [](const halfwave::EpochResult& epoch) {
    std::printf("epoch %d: test accuracy %.2f %%\n", static_cast<int>(epoch.epoch),
                100 * epoch.test_accuracy);
  }});
  halfwave::save_model(file, net, trainer.info());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
