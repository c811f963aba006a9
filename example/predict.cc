// Names what is in a picture. Usage: predict MODEL PICTURE
#include <algorithm>
#include <cstdio>
#include <exception>

#include "halfwave/base/error.h"
#include "halfwave/train/predictor.h"

int main(int count, char** arguments) try {
  if (count != 3) throw halfwave::Error("usage: predict MODEL PICTURE");
  const halfwave::Model model = halfwave::load_model(arguments[1]);
  const halfwave::Predictor predictor(model);
  const std::vector<float> shares = predictor.predict(halfwave::read_image(arguments[2]));
  const auto best = static_cast<std::size_t>(std::max_element(shares.begin(), shares.end()) - shares.begin());
  std::printf("%s %.1f %%\n", model.info.classes[best].c_str(), 100.0 * static_cast<double>(shares[best]));
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
