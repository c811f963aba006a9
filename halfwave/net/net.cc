#include "halfwave/net/net.h"

#include <algorithm>
#include <cmath>

#include "halfwave/base/error.h"
#include "halfwave/base/random.h"
#include "halfwave/base/text.h"
#include "halfwave/layer/activation_layer.h"

namespace halfwave {
namespace {

// More values than this in one map or tensor is a slip of the pen, not a net.
constexpr std::size_t largest_tensor = std::size_t{1} << 31;

// The product may be more than 64 bits hold.
bool too_large(const std::vector<std::int64_t>& dims) {
  std::size_t count = 1;
  for (const std::int64_t dim : dims) {
    if (static_cast<std::size_t>(dim) > largest_tensor / count) return true;
    count *= static_cast<std::size_t>(dim);
  }
  return false;
}

std::vector<std::int64_t> dims_of(const Shape& shape) { return {shape.height, shape.width, shape.channels}; }

// Whether a layer hands on its values, or some of them, as they are.
bool hands_on(const Layer& layer) {
  static constexpr std::string_view types[] = {"add",     "concat",          "max_pool", "avg_pool",
                                               "dropout", "global_avg_pool", "flatten"};
  return std::find(std::begin(types), std::end(types), layer.type()) != std::end(types);
}

// From this many saturating hidden layers on, gradients reach the first ones a thousandfold smaller
// (sigmoid's slope is at most 1/4).
constexpr std::size_t many_saturating_layers = 4;

}  // namespace

Net::Net(const NetSpec& spec) : spec_(spec) {
  const auto control = [](char c) { return (c >= 0 && c < ' ') || c == '\x7F'; };
  if (std::any_of(spec_.name.begin(), spec_.name.end(), control)) {
    fail("'name': the name of a net may not hold line breaks or other control characters");
  }
  if (spec_.layers.empty()) fail("net '{}': it has no layers", spec_.name);
  if (std::find(loss_names.begin(), loss_names.end(), spec_.loss) == loss_names.end()) {
    fail("net '{}': unknown loss '{}'{}", spec_.name, spec_.loss, suggestion(spec_.loss, loss_names));
  }
  spec_.activation = make_activation(spec_.activation)->type();
  if (too_large(dims_of(spec_.input)))
    fail("net '{}': its input {} is too large", spec_.name, to_string(spec_.input));
  for (const LayerSpec& layer : spec_.layers) add(layer);

  std::vector<bool> used(nodes_.size() + 1, false);
  for (const Node& node : nodes_) {
    for (const std::size_t input : node.inputs) used[input] = true;
  }
  for (std::size_t i = 0; i + 1 < nodes_.size(); ++i) {
    if (!used[i + 1])
      fail("layer '{}': no layer uses its output; name it in a `from`, or remove it", nodes_[i].name);
  }
  std::size_t trained = 0;
  std::size_t running = 0;
  for (const Node& node : nodes_) {
    for (Parameter& parameter : node.layer->parameters()) {
      if (too_large(parameter.dims))
        fail("{} '{}': its {} is too large", node.layer->type(), node.name, parameter.name);
      std::size_t& next = parameter.trained ? trained : running;
      parameter.offset = next;
      next += align_up(parameter.size() * sizeof(float)) / sizeof(float);
    }
  }
  parameters_ = Buffer(trained);
  state_ = Buffer(running);
  for (const Tensor& tensor : tensors()) {
    const float start = tensor.parameter->constant;
    if (start != 0) std::fill(tensor.values.begin(), tensor.values.end(), start);
  }
}

void Net::add(const LayerSpec& spec) {
  const bool hidden = spec.type == "activation";
  Node node;
  // An activation's name leaves out its parameters: leaky_relu1.
  const std::string stem = hidden ? "activation" : spec.type.substr(0, spec.type.find(':'));
  try {
    if (hidden && spec.options.empty()) {
      node.layer = make_activation(spec_.activation);
    } else {
      node.layer = make_layer(hidden ? spec_.activation : spec.type, spec.options);
    }
  } catch (const Error& error) {
    fail("{} '{}': {}", stem, spec.name.empty() ? fmt::format("layer {}", nodes_.size() + 1) : spec.name,
         error.what());
  }
  const auto same = std::count_if(nodes_.begin(), nodes_.end(), [&](const Node& other) {
    const std::size_t i = static_cast<std::size_t>(&other - nodes_.data());
    return spec_.layers[i].type.substr(0, spec_.layers[i].type.find(':')) == stem;
  });
  node.name = spec.name.empty() ? fmt::format("{}{}", stem, same + 1) : spec.name;
  if (node.name == "input" ||
      std::any_of(nodes_.begin(), nodes_.end(), [&](const Node& n) { return n.name == node.name; })) {
    fail("layer '{}': another has this name already", node.name);
  }
  if (node.name.find_first_of(".\n\r\t\"") != std::string::npos) {
    fail("layer '{}': a name may not hold dots, quotes or line breaks", node.name);
  }
  if (spec.from.empty()) {
    node.inputs.push_back(nodes_.size());
  } else {
    for (const std::string& name : spec.from) {
      try {
        node.inputs.push_back(find(name));
      } catch (const Error& error) {
        fail("{} '{}': {}", stem, node.name, error.what());
      }
    }
  }
  std::vector<Shape> shapes;
  for (const std::size_t input : node.inputs) shapes.push_back(shape(input));
  try {
    node.shape = node.layer->bind(shapes);
    if (too_large(dims_of(node.shape))) fail("its output of {} is too large", to_string(node.shape));
  } catch (const Error& error) {
    fail("{} '{}' (input {}): {}", stem, node.name, to_string(shapes[0]), error.what());
  }
  // As the layer itself would write them: nets that are equal have equal texts.
  spec_.layers[nodes_.size()].options = node.layer->options();
  nodes_.push_back(std::move(node));
}

std::size_t Net::find(const std::string& name) const {
  if (name == "input") return 0;
  std::vector<std::string_view> known{"input"};
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].name == name) return i + 1;
    known.push_back(nodes_[i].name);
  }
  fail("no layer before it is named '{}'{}", name, suggestion(name, known));
}

std::size_t Net::parameter_count() const {
  std::size_t count = 0;  // not the buffer's size: its tensors are aligned
  for (const Node& node : nodes_) {
    for (const Parameter& parameter : node.layer->parameters())
      count += parameter.trained ? parameter.size() : 0;
  }
  return count;
}

std::int64_t Net::multiply_adds() const {
  std::int64_t sum = 0;
  for (const Node& node : nodes_) sum += node.layer->multiply_adds();
  return sum;
}

std::vector<Net::Tensor> Net::tensors() {
  std::vector<Tensor> result;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    for (const Parameter& parameter : nodes_[i].layer->parameters()) {
      Buffer& buffer = parameter.trained ? parameters_ : state_;
      result.push_back({nodes_[i].name + "." + parameter.name, &parameter,
                        buffer.span().subspan(parameter.offset, parameter.size()), i});
    }
  }
  return result;
}

Initialisation Net::start_of(std::size_t node) const {
  // The first activation downstream, through what has no weights of its own.
  for (std::size_t at = node;;) {
    const auto next = std::find_if(
        nodes_.begin() + static_cast<std::ptrdiff_t>(at) + 1, nodes_.end(),
        [&](const Node& n) { return std::find(n.inputs.begin(), n.inputs.end(), at + 1) != n.inputs.end(); });
    if (next == nodes_.end()) return Initialisation::glorot;  // the output: linear
    if (const Activation* activation = next->layer->activation()) return activation->info().initialisation;
    const std::string type = next->layer->type();
    if (type == "prelu" || type == "maxout") return Initialisation::he;
    if (type == "conv" || type == "linear" || type == "softmax" || type == "log_softmax")
      return Initialisation::glorot;
    at = static_cast<std::size_t>(next - nodes_.begin());
  }
}

float Net::start_deviation(const Tensor& tensor) const {
  const Parameter& parameter = *tensor.parameter;
  if (parameter.start != Parameter::Start::random) return 0;
  double variance = 0;
  switch (start_of(tensor.node)) {
    case Initialisation::he:
      variance = 2 / parameter.fan_in;
      break;
    case Initialisation::glorot:
      variance = 2 / (parameter.fan_in + parameter.fan_out);
      break;
    case Initialisation::lecun:
      variance = 1 / parameter.fan_in;
      break;
  }
  return static_cast<float>(std::sqrt(variance));
}

void Net::initialise(std::uint64_t seed) {
  std::uint64_t index = 0;
  for (const Tensor& tensor : tensors()) {
    RandomStream random(seed, RandomPurpose::weights, index++);
    std::fill(tensor.values.begin(), tensor.values.end(), tensor.parameter->constant);
    const float deviation = start_deviation(tensor);
    if (deviation == 0) continue;
    for (float& value : tensor.values) value = deviation * random.normal();
  }
}

// The node that makes the values of the output: behind it nothing changes them.
const Net::Node& Net::last_maker() const {
  std::size_t at = nodes_.size() - 1;
  for (;;) {
    const std::string type = nodes_[at].layer->type();
    const std::size_t before = nodes_[at].inputs[0];
    if ((type != "flatten" && type != "dropout") || before == 0) return nodes_[at];
    at = before - 1;
  }
}

std::vector<std::string> Net::warnings() const {
  std::vector<std::string> result;
  const Layer& last = *last_maker().layer;
  const std::string type = last.type();
  const Activation* activation = last.activation();
  if (spec_.loss == "softmax_cross_entropy" && (type == "softmax" || type == "log_softmax")) {
    result.push_back(
        fmt::format("the net ends in '{}' and the loss softmax_cross_entropy applies it again: gradients get "
                    "small; remove the layer (predictions are shares all the same)",
                    type));
  } else if (spec_.loss == "softmax_cross_entropy" && last.kind() && type != "linear") {
    result.push_back(
        fmt::format("the output layer ends in '{}': the loss wants plain scores; activations belong between "
                    "the hidden layers, so remove the last one",
                    type));
  } else if (activation != nullptr && activation->value(-1.0) == 0 && activation->slope(-1.0) == 0) {
    result.push_back(
        fmt::format("the output layer ends in '{}': an output that falls below 0 gets no gradient and never "
                    "learns again; remove the last activation",
                    type));
  }

  // By value: saturating activations on the longest way to it, and whether it comes from a batch norm, which
  // keeps the next activation out of its flat parts.
  std::vector<std::size_t> depth(nodes_.size() + 1, 0);
  std::vector<bool> normalised(nodes_.size() + 1, false);
  std::vector<std::string> names;
  for (std::size_t i = 0; i + 1 < nodes_.size(); ++i) {
    const Layer& layer = *nodes_[i].layer;
    bool from_norm = false;
    for (const std::size_t input : nodes_[i].inputs) {
      depth[i + 1] = std::max(depth[i + 1], depth[input]);
      from_norm = from_norm || normalised[input];
    }
    normalised[i + 1] = layer.type() == "batch_norm" || (hands_on(layer) && from_norm);
    const Activation* hidden = layer.activation();
    if (hidden == nullptr || !hidden->info().saturates || from_norm) continue;
    ++depth[i + 1];
    const std::string name = fmt::format("'{}'", hidden->text());
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  if (const std::size_t deepest = *std::max_element(depth.begin(), depth.end());
      deepest >= many_saturating_layers) {
    result.push_back(fmt::format(
        "{} hidden layers use {}, which saturates: gradients vanish towards the input; try relu, or "
        "batch_norm before each",
        deepest, fmt::join(names, " or ")));
  }
  return result;
}

}  // namespace halfwave
