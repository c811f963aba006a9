// The list of all layers; a new one is added to `makers` and nowhere else.
#include "halfwave/layer/layer.h"

#include <algorithm>
#include <array>

#include "halfwave/base/error.h"
#include "halfwave/base/text.h"
#include "halfwave/layer/activation_layer.h"
#include "halfwave/layer/add.h"
#include "halfwave/layer/average_pool.h"
#include "halfwave/layer/batch_norm.h"
#include "halfwave/layer/concat.h"
#include "halfwave/layer/convolution.h"
#include "halfwave/layer/dropout.h"
#include "halfwave/layer/flatten.h"
#include "halfwave/layer/linear.h"
#include "halfwave/layer/local_response_norm.h"
#include "halfwave/layer/max_pool.h"
#include "halfwave/layer/maxout.h"
#include "halfwave/layer/prelu.h"
#include "halfwave/layer/softmax.h"

namespace halfwave {
namespace {

template <class LayerType>
std::unique_ptr<Layer> make(const OptionList& list) {
  typename LayerType::Options options;
  OptionReader reader(LayerType::Options::type, list);
  LayerType::Options::visit(reader, options);
  reader.finish();
  return std::make_unique<LayerType>(options);
}

struct Maker {
  std::string_view type;
  std::unique_ptr<Layer> (*make)(const OptionList&);
};

template <class... Layers>
constexpr std::array<Maker, sizeof...(Layers)> list_of() {
  return {Maker{Layers::Options::type, &make<Layers>}...};
}

constexpr auto makers =
    list_of<Convolution, Linear, MaxPool, AveragePool, GlobalAveragePool, BatchNorm, LocalResponseNorm,
            Dropout, Flatten, Add, Concat, Maxout, PReLU, Softmax, LogSoftmax>();

constexpr auto types = [] {
  std::array<std::string_view, makers.size()> names;
  for (std::size_t i = 0; i < makers.size(); ++i) names[i] = makers[i].type;
  return names;
}();

}  // namespace

const Shape& Layer::only(std::span<const Shape> inputs) {
  if (inputs.size() != 1) fail("expected one input, got {}", inputs.size());
  return inputs[0];
}

std::span<const std::string_view> layer_types() { return types; }

std::unique_ptr<Layer> make_activation(std::string_view text) {
  if (text == PReLUOptions::type || text == MaxoutOptions::type) return make_layer(text, {});
  return std::make_unique<ActivationLayer>(Activation::parse(text));
}

std::unique_ptr<Layer> make_layer(std::string_view type, const OptionList& options) {
  const bool identity = type == LinearOptions::type && options.empty();
  const auto maker =
      std::find_if(makers.begin(), makers.end(), [&](const Maker& m) { return m.type == type; });
  if (maker != makers.end() && !identity) return maker->make(options);
  const std::string_view name = type.substr(0, type.find(':'));
  std::vector<std::string_view> known(types.begin(), types.end());
  for (const ActivationInfo* info : activations()) known.push_back(info->name);
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    fail("unknown layer '{}'{}", name, suggestion(name, known));
  }
  OptionReader reader(type, options);
  reader.finish();
  return make_activation(type);
}

}  // namespace halfwave
