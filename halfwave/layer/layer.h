// What every layer is: options, shapes and parameters, and the maker of its operations. After bind() a layer
// never changes and may be used by several threads; its values lie in buffers that the net owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "halfwave/layer/operation.h"
#include "halfwave/layer/option.h"
#include "halfwave/tensor/shape.h"

namespace halfwave {

// A named tensor of a layer, and where its values lie.
struct Parameter {
  enum class Start { random, constant };

  std::string name;  // "weight", "bias", "running_mean", ... as in PyTorch
  std::vector<std::int64_t> dims;
  Start start = Start::constant;
  float constant = 0;  // its first value if start is constant
  double fan_in = 0;   // for random starts: inputs a unit sums over, and units an input goes to
  double fan_out = 0;
  bool trained = true;     // else a running statistic, which lies in the state buffer
  bool decays = false;     // weight decay applies
  std::size_t offset = 0;  // of the first value in its buffer; set by the net

  std::size_t size() const {
    std::size_t count = 1;
    for (const std::int64_t dim : dims) count *= static_cast<std::size_t>(dim);
    return count;
  }
};

class Layer {
 public:
  virtual ~Layer() = default;

  // Its name in the text of a net: "conv", "max_pool"; for an activation its whole text.
  virtual std::string type() const = 0;
  // Its options that are not at their default, as make_layer() reads them.
  virtual OptionList options() const { return {}; }

  // Fixes the shapes of the inputs and returns that of the output; called once. Error when they do not fit.
  virtual Shape bind(std::span<const Shape> inputs) = 0;

  virtual std::unique_ptr<Operation> operation(const OperationRequest& request) const = 0;

  // Whether the operation can apply an activation to its output (OperationRequest::epilogue).
  virtual bool takes_epilogue() const { return false; }
  // Multiplications with an addition, for one image, forward.
  virtual std::int64_t multiply_adds() const { return 0; }
  // The element-wise activation if the layer is one.
  virtual const Activation* activation() const { return nullptr; }
  // Its kind if it is an activation of any sort: element-wise, prelu, maxout, softmax.
  virtual std::optional<ActivationKind> kind() const { return {}; }

  std::vector<Parameter>& parameters() { return parameters_; }
  std::span<const Parameter> parameters() const { return parameters_; }

 protected:
  // The one input of layers that take one.
  static const Shape& only(std::span<const Shape> inputs);

  std::vector<Parameter> parameters_;
};

// The options of a layer as text has them, those at their default left out.
template <class Options>
OptionList list_options(const Options& options) {
  OptionWriter writer(Options::type);
  Options::visit(writer, options);
  return writer.list;
}

// What a layer with options has in common. Options has a static `type` and a static function template
// `visit(visitor, options)` that names each option once, with its default and range (see option.h).
template <class OptionsType>
class LayerOf : public Layer {
 public:
  using Options = OptionsType;

  explicit LayerOf(const Options& options = {}) : options_(options) {}

  std::string type() const override { return std::string(Options::type); }
  OptionList options() const override { return list_options(options_); }

 protected:
  Options options_;
};

// Reads a layer by type and options. Error for unknown types and wrong options. Activations are types too:
// "relu", "leaky_relu:slope=0.1"; "linear" without options is the activation.
std::unique_ptr<Layer> make_layer(std::string_view type, const OptionList& options);

// What "activation" can stand for in a net: an element-wise activation, "prelu" or "maxout".
std::unique_ptr<Layer> make_activation(std::string_view text);

// The types that make_layer knows, without the activations.
std::span<const std::string_view> layer_types();

}  // namespace halfwave
