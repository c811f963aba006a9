// What the tests of nets share: nets from text, random values, and a net that runs
// layer by layer in nets of one layer each: no fusion, no shared memory, every value kept.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "common/error_message.h"
#include "halfwave/base/random.h"
#include "halfwave/net/plan.h"

namespace halfwave {

inline Net net_of(const std::string& toml) { return Net(parse_net(toml, "test")); }

inline std::vector<float> normal_values(std::uint64_t seed, std::size_t count) {
  RandomStream random(seed, RandomPurpose::test);
  std::vector<float> values(count);
  for (float& value : values) value = random.normal();
  return values;
}

// Moves every trained value, so that no bias is 0 and no scale 1, and the running statistics too.
inline void shake(Net& net, std::uint64_t seed) {
  net.initialise(seed);
  RandomStream random(seed, RandomPurpose::test, 1);
  for (const Net::Tensor& tensor : net.tensors()) {
    for (float& value : tensor.values) value += 0.3F * random.uniform();
  }
}

// In float: an equal of these is off by a few roundings a layer, for sums of a few hundred terms and up to
// about twenty layers, relative to the largest value.
inline constexpr double other_order = 2e-5;

inline void expect_near(std::span<const float> got, std::span<const float> expected,
                        const std::string& what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  double largest = 1e-3;
  for (const float value : expected) largest = std::max(largest, std::abs(static_cast<double>(value)));
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], expected[i], other_order * largest) << what << " at " << i;
  }
}

class LayerByLayer {
 public:
  LayerByLayer(Net& net, std::int64_t n, bool training) : net_(net), n_(n), training_(training) {
    for (const Net::Node& node : net.nodes()) {
      NetSpec spec;
      spec.input = net.shape(node.inputs[0]);
      if (const Activation* activation = node.layer->activation()) {
        spec.activation = activation->text();
        spec.layers = {layer("activation")};
      } else {
        spec.layers = {{node.layer->type(), node.layer->options(), {}, {}}};
      }
      Single single;
      if (!joins(node)) {
        single.net = std::make_unique<Net>(spec);
        const std::vector<Net::Tensor> whole = tensors_of(nets_.size());
        const std::vector<Net::Tensor> own = single.net->tensors();
        for (std::size_t t = 0; t < own.size(); ++t) {
          std::copy(whole[t].values.begin(), whole[t].values.end(), own[t].values.begin());
        }
        single.plan = std::make_unique<Plan>(
            *single.net, PlanOptions{.batch = n, .training = training, .input_gradient = training});
      }
      nets_.push_back(std::move(single));
    }
  }

  std::vector<float> forward(const std::vector<float>& x) {
    values_.assign(1, x);
    for (std::size_t i = 0; i < nets_.size(); ++i) {
      const Net::Node& node = net_.nodes()[i];
      std::vector<float> y(size_of(i + 1));
      if (node.layer->type() == "add") {
        for (const std::size_t input : node.inputs) {
          for (std::size_t j = 0; j < y.size(); ++j) y[j] += values_[input][j];
        }
      } else if (node.layer->type() == "concat") {
        over_parts(node, [&](std::size_t k, std::size_t part, std::size_t whole) {
          y[whole] = values_[node.inputs[k]][part];
        });
      } else {
        Net& net = *nets_[i].net;
        const float* out =
            nets_[i].plan->forward(values_[node.inputs[0]].data(), n_,
                                   {.running = training_ ? net.state() : std::span<float>(), .seed = 1});
        y.assign(out, out + y.size());
      }
      values_.push_back(std::move(y));
    }
    return values_.back();
  }

  // Returns the gradient of the input; those of the parameters are in gradients(), laid out as the net's.
  std::vector<float> backward(const std::vector<float>& dy) {
    gradients_ = Buffer(net_.parameters().size());
    std::vector<std::vector<float>> d;
    for (std::size_t v = 0; v < values_.size(); ++v) d.emplace_back(size_of(v));
    d.back() = dy;
    for (std::size_t i = nets_.size(); i-- > 0;) {
      const Net::Node& node = net_.nodes()[i];
      const std::vector<float>& from = d[i + 1];
      if (node.layer->type() == "add") {
        for (const std::size_t input : node.inputs) {
          for (std::size_t j = 0; j < from.size(); ++j) d[input][j] += from[j];
        }
      } else if (node.layer->type() == "concat") {
        over_parts(node, [&](std::size_t k, std::size_t part, std::size_t whole) {
          d[node.inputs[k]][part] += from[whole];
        });
      } else {
        Plan& plan = *nets_[i].plan;
        std::copy(from.begin(), from.end(), plan.output_gradient());
        Buffer own(nets_[i].net->parameters().size());
        plan.backward(own.data());
        std::vector<float>& to = d[node.inputs[0]];
        for (std::size_t j = 0; j < to.size(); ++j) to[j] += plan.input_gradient()[j];
        const std::vector<Net::Tensor> whole = tensors_of(i);
        const std::vector<Net::Tensor> part = nets_[i].net->tensors();
        for (std::size_t t = 0; t < part.size(); ++t) {
          if (!part[t].parameter->trained) continue;
          for (std::size_t j = 0; j < part[t].values.size(); ++j) {
            gradients_[whole[t].parameter->offset + j] = own[part[t].parameter->offset + j];
          }
        }
      }
    }
    return d.front();
  }

  std::span<const float> gradients() const { return gradients_.span(); }

  // The running statistics, laid out as the net's.
  std::vector<float> state() {
    std::vector<float> result(net_.state().begin(), net_.state().end());
    for (std::size_t i = 0; i < nets_.size(); ++i) {
      if (nets_[i].net == nullptr) continue;
      const std::vector<Net::Tensor> whole = tensors_of(i);
      const std::vector<Net::Tensor> part = nets_[i].net->tensors();
      for (std::size_t t = 0; t < part.size(); ++t) {
        if (part[t].parameter->trained) continue;
        std::copy(part[t].values.begin(), part[t].values.end(),
                  result.begin() + static_cast<std::ptrdiff_t>(whole[t].parameter->offset));
      }
    }
    return result;
  }

 private:
  struct Single {
    std::unique_ptr<Net> net;  // none for layers that join values
    std::unique_ptr<Plan> plan;
  };

  static bool joins(const Net::Node& node) {
    return node.layer->type() == "add" || node.layer->type() == "concat";
  }

  std::size_t size_of(std::size_t value) const {
    return net_.shape(value).size() * static_cast<std::size_t>(n_);
  }

  std::vector<Net::Tensor> tensors_of(std::size_t node) {
    std::vector<Net::Tensor> result;
    for (const Net::Tensor& tensor : net_.tensors()) {
      if (tensor.node == node) result.push_back(tensor);
    }
    return result;
  }

  // Calls body(which input, index in it, index in the whole).
  template <class Body>
  void over_parts(const Net::Node& node, Body&& body) const {
    const auto total = static_cast<std::size_t>(node.shape.channels);
    std::size_t before = 0;
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const auto channels = static_cast<std::size_t>(net_.shape(node.inputs[k]).channels);
      for (std::size_t part = 0; part < size_of(node.inputs[k]); ++part) {
        body(k, part, part / channels * total + before + part % channels);
      }
      before += channels;
    }
  }

  Net& net_;
  std::int64_t n_;
  bool training_;
  std::vector<Single> nets_;
  std::vector<std::vector<float>> values_;
  Buffer gradients_;
};

}  // namespace halfwave
