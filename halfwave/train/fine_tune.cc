#include "halfwave/train/fine_tune.h"

#include <algorithm>
#include <string_view>

#include "halfwave/base/error.h"
#include "halfwave/base/text.h"
#include "halfwave/train/adapt.h"

namespace halfwave {
namespace {

bool contains(std::span<const std::string> names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const Net::Tensor* find(const std::vector<Net::Tensor>& tensors, const Net::Tensor& wanted) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const Net::Tensor& tensor) {
    return tensor.name == wanted.name && tensor.parameter->dims == wanted.parameter->dims;
  });
  return found != tensors.end() ? &*found : nullptr;
}

void check_names(const Net& net, std::string_view option, std::span<const std::string> names) {
  std::vector<std::string_view> known{"old"};
  for (const Net::Node& node : net.nodes()) known.push_back(node.name);
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      fail("{}: net '{}' has no layer '{}'{}", option, net.spec().name, printable(name),
           suggestion(name, known));
  }
}

}  // namespace

NetSpec fine_tuned(const Model& model, const Dataset& data) {
  if (data.shape() != model.net.input()) {
    fail("the model takes examples of {}, but the data are {}", to_string(model.net.input()),
         to_string(data.shape()));
  }
  NetSpec spec = adapted(model.net.spec(), data);
  const Net net(spec);
  if (net.output().size() != data.classes().size()) {
    fail("net '{}' does not end in a linear layer: it cannot be made to give {} classes", spec.name,
         data.classes().size());
  }
  return spec;
}

std::vector<std::string> fresh_layers(Model& model, Net& net, const Dataset& data) {
  const std::vector<Net::Tensor> known = model.net.tensors();
  std::vector<std::string> fresh;
  const auto add = [&](std::size_t node) {
    const std::string& name = net.nodes()[node].name;
    if (!contains(fresh, name)) fresh.push_back(name);
  };
  for (const Net::Tensor& tensor : net.tensors())
    if (find(known, tensor) == nullptr) add(tensor.node);
  if (data.classes() != model.info.classes) add(net.tensors().back().node);
  return fresh;
}

void copy_values(Model& model, Net& net, std::span<const std::string> fresh) {
  const std::vector<Net::Tensor> known = model.net.tensors();
  for (const Net::Tensor& tensor : net.tensors()) {
    if (contains(fresh, net.nodes()[tensor.node].name)) continue;
    const Net::Tensor* from = find(known, tensor);
    std::copy(from->values.begin(), from->values.end(), tensor.values.begin());
  }
}

std::vector<float> rate_factors(const Net& net, const TrainOptions& options) {
  const std::vector<std::string> fresh = parts_of(options.fresh);
  const std::vector<std::string> frozen = parts_of(options.freeze);
  check_names(net, "fresh", fresh);
  check_names(net, "freeze", frozen);
  if (frozen.empty() && options.old_rate == 1) return {};
  std::vector<float> factors;
  for (const Net::Node& node : net.nodes()) {
    const bool old = !contains(fresh, node.name);
    const bool still = contains(frozen, node.name) || (old && contains(frozen, "old"));
    factors.push_back(still ? 0 : old ? static_cast<float>(options.old_rate) : 1);
  }
  return factors;
}

}  // namespace halfwave
