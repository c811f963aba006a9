// A net as text and as plain data: what is written in a TOML file, before shapes are known.
//
//   name = "tiny"
//   input = [28, 28, 1]                 # height, width, channels
//   activation = "relu"                 # stands for "activation" below
//   layers = [
//     { conv = 8, kernel = 3, pad = 1, name = "c1" },
//     "activation", { max_pool = 2 },
//     { conv = 8, kernel = 3, pad = 1 }, "activation",
//     { linear = 10 },
//   ]
//   loss = "softmax_cross_entropy"      # or "mean_squared_error", "huber"
//
// A layer takes the one before it unless it says `from` ("input" is the net's input); `add` and `concat` name
// theirs: { add = ["a", "b"] }. A layer without a name is called by its type and count: conv1, conv2,
// linear1.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "halfwave/layer/layer.h"

namespace halfwave {

struct LayerSpec {
  std::string type;  // "conv", "max_pool", ...; an activation's text; or "activation"
  OptionList options;
  std::string name;               // empty: by type and count
  std::vector<std::string> from;  // empty: the layer before
};

// A layer from its options in C++: layer(ConvolutionOptions{.channels = 6, .kernel = {5, 5}}).
template <class Options>
requires requires { Options::type; }
LayerSpec layer(const Options& options, std::string name = {}, std::vector<std::string> from = {}) {
  return {std::string(Options::type), list_options(options), std::move(name), std::move(from)};
}

// A layer without options: layer("flatten"), layer("relu"), layer("activation").
inline LayerSpec layer(std::string_view type) { return {std::string(type), {}, {}, {}}; }

// What a net may be trained for, in the order of enum Loss (see train/loss.h).
inline constexpr std::array<std::string_view, 3> loss_names{"softmax_cross_entropy", "mean_squared_error",
                                                            "huber"};

struct NetSpec {
  std::string name = "net";
  Shape input;
  std::string activation = "relu";
  std::vector<LayerSpec> layers = {};
  std::string loss = "softmax_cross_entropy";  // one of loss_names
};

// Reads a net from TOML. Error, with the source's name and the line, when it is not understood. Shapes are
// not checked here, but by Net.
NetSpec parse_net(std::string_view toml, std::string_view source);

// The TOML that parse_net() reads back.
std::string to_toml(const NetSpec& spec);

}  // namespace halfwave
