// A net: a directed graph of layers with known shapes, and the values of their parameters. A const Net may be
// used by any number of threads at once; a run of it is a Plan.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "halfwave/layer/layer.h"
#include "halfwave/net/spec.h"
#include "halfwave/tensor/buffer.h"

namespace halfwave {

class Net {
 public:
  // Value 0 is the net's input, value i + 1 the output of node i.
  struct Node {
    std::string name;
    std::unique_ptr<Layer> layer;
    std::vector<std::size_t> inputs;  // values, all before this node's
    Shape shape;                      // of the output
  };

  // A named tensor of the net, where it lies, and how it starts.
  struct Tensor {
    std::string name;  // "conv1.weight"
    const Parameter* parameter;
    std::span<float> values;
    std::size_t node;
  };

  // Builds the graph and checks every shape. All parameters are at their constant start, random ones at 0:
  // call initialise() or load values. Error: "conv 'c2': ..." names the layer, what was expected and what
  // came.
  explicit Net(const NetSpec& spec);

  const NetSpec& spec() const { return spec_; }
  std::span<const Node> nodes() const { return nodes_; }
  const Shape& input() const { return spec_.input; }
  const Shape& output() const { return nodes_.back().shape; }
  const Shape& shape(std::size_t value) const { return value == 0 ? spec_.input : nodes_[value - 1].shape; }

  // Starts the parameters at random: each weight by the activation that follows it (see start_of). The same
  // seed gives the same weights on every machine up to the last bit of log and cos.
  void initialise(std::uint64_t seed);

  // The rule by which the weights of a node start.
  Initialisation start_of(std::size_t node) const;
  // The standard deviation of the values of a tensor that starts at random; 0: it starts at its constant.
  float start_deviation(const Tensor& tensor) const;

  // All trained parameters in one buffer, all running statistics in another.
  std::span<float> parameters() { return parameters_.span(); }
  std::span<const float> parameters() const { return parameters_.span(); }
  std::span<float> state() { return state_.span(); }
  std::span<const float> state() const { return state_.span(); }
  NetValues values() const { return {parameters_.data(), state_.data()}; }

  // How many values are trained, and what one image costs forward.
  std::size_t parameter_count() const;
  std::int64_t multiply_adds() const;

  // Every tensor by name, in the order of the layers.
  std::vector<Tensor> tensors();

  // What is built against good practice, one sentence each, with what to do instead.
  std::vector<std::string> warnings() const;

 private:
  void add(const LayerSpec& layer);
  std::size_t find(const std::string& name) const;
  const Node& last_maker() const;

  NetSpec spec_;
  std::vector<Node> nodes_;
  Buffer parameters_;
  Buffer state_;
};

}  // namespace halfwave
