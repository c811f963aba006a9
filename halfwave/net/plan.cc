#include "halfwave/net/plan.h"

#include <algorithm>

#include "halfwave/base/clock.h"
#include "halfwave/base/parallel.h"
#include "halfwave/kernel/elementwise.h"
#include "halfwave/layer/activation_layer.h"
#include "halfwave/layer/add.h"
#include "halfwave/layer/batch_norm.h"
#include "halfwave/layer/convolution.h"
#include "halfwave/layer/max_pool.h"

namespace halfwave {
namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);
constexpr std::size_t outside = static_cast<std::size_t>(-2);  // the caller's images

}  // namespace

struct Plan::Step {
  std::string name;
  std::vector<std::size_t> inputs;  // values
  std::size_t output = none;        // value
  std::unique_ptr<Operation> operation;
  OperationTraits traits;
  std::optional<Activation> epilogue;
  std::int64_t multiply_adds = 0;
  bool trained = false;         // has parameters to train
  bool backward = false;        // takes part in backward
  bool masked = false;          // the slope of the epilogue is kept as a bit a value
  std::size_t saved = none;     // buffer
  std::size_t mask = none;      // buffer; of the epilogue, a bit a value
  std::vector<std::size_t> dx;  // buffers; none where not wanted
  std::vector<bool> adds;       // dx is a further part of a gradient begun by a later step: to be added

  // A convolution may make the output of a max-pool behind it at once, and take its gradient as it is.
  std::size_t pool = none;        // the max-pool's step
  std::size_t pooled_for = none;  // the convolution's, if this is such a max-pool
  bool pooled = false;            // this output was made there
  kernel::PooledGradient pooled_gradient;

  std::vector<const float*> x_pointers;
  std::vector<float*> dx_pointers;
  double forward_seconds = 0, data_seconds = 0, weights_seconds = 0;

  bool wants_data() const {
    return std::any_of(dx.begin(), dx.end(), [](std::size_t buffer) { return buffer != none; });
  }
};

// Makes the steps, then gives every value, gradient and saved block a buffer with a lifetime. Step s runs
// forward at time s, the loss comes at time S (the number of steps), step s runs backward at time 2 S - s.
struct Plan::Builder {
  explicit Builder(Plan& p) : plan(p), net(p.net_), nodes(net.nodes()), consumers(nodes.size() + 1) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      for (const std::size_t input : nodes[i].inputs) consumers[input].push_back(i);
    }
  }

  // The one node that uses a value, if it is of this type.
  template <class LayerType>
  const LayerType* only_consumer(std::size_t value) const {
    if (consumers[value].size() != 1) return nullptr;
    return dynamic_cast<const LayerType*>(nodes[consumers[value][0]].layer.get());
  }

  // Whether the max-pool behind an activation can do its work, which is then not done by itself.
  bool rectified_pool(const Activation& activation, std::size_t output) const {
    return !plan.options_.shows_activations && !plan.options_.shows_layers &&
           activation.info().name == "relu" && activation.parameters().empty() &&
           only_consumer<MaxPool>(output) != nullptr;
  }

  // If all that happens to a value is that it is added to another which is there before node i runs: that
  // one.
  std::optional<std::size_t> earlier_term(std::size_t value, std::size_t i) const {
    if (only_consumer<Add>(value) == nullptr) return {};
    const std::vector<std::size_t>& terms = nodes[consumers[value][0]].inputs;
    if (terms.size() != 2) return {};
    const std::size_t other = terms[0] == value ? terms[1] : terms[0];
    return other <= i ? std::optional(other) : std::nullopt;
  }

  void make_steps() {
    std::vector<bool> absorbed(nodes.size(), false);
    std::vector<std::size_t> source(nodes.size() +
                                    1);  // the value that stands for another that is fused away
    for (std::size_t v = 0; v < source.size(); ++v) source[v] = v;
    std::vector<bool> needs_gradient(nodes.size() + 1, false);
    needs_gradient[0] = plan.options_.input_gradient;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (absorbed[i]) continue;
      const Net::Node& node = nodes[i];
      const Activation* own = node.layer->activation();
      if (own != nullptr && rectified_pool(*own, i + 1)) {
        source[i + 1] = node.inputs[0];
        continue;
      }
      Step step;
      step.name = node.name;
      step.output = i + 1;
      step.multiply_adds = node.layer->multiply_adds();
      OperationRequest request{.batch = plan.options_.batch,
                               .training = plan.options_.training,
                               .index = static_cast<std::uint32_t>(i),
                               .net_weights = net.parameters().size(),
                               .kernels = plan.options_.kernels};
      for (const std::size_t input : node.inputs) {
        request.rectify = request.rectify || source[input] != input;
        step.inputs.push_back(source[input]);
        request.input_gradient = request.input_gradient || needs_gradient[source[input]];
      }
      if (request.rectify) step.name = nodes[node.inputs[0] - 1].name + "+" + step.name;
      const auto absorb = [&] {
        const std::size_t next = consumers[step.output][0];
        absorbed[next] = true;
        step.name += "+" + nodes[next].name;
        step.output = next + 1;
      };
      const auto* convolution = dynamic_cast<const Convolution*>(node.layer.get());
      if (!plan.options_.training && !plan.options_.shows_layers && convolution != nullptr) {
        request.folded_norm = only_consumer<BatchNorm>(step.output);
        if (request.folded_norm != nullptr) absorb();
        const std::optional<std::size_t> term = earlier_term(step.output, i);
        if (term && convolution->takes_add()) {
          request.add_to_last_input = true;
          step.inputs.push_back(*term);
          absorb();
        }
      }
      if (node.layer->takes_epilogue() && !plan.options_.shows_layers) {
        const auto* next = only_consumer<ActivationLayer>(step.output);
        const bool needs_slope = plan.options_.training || plan.options_.shows_activations;
        if (next != nullptr && (!needs_slope || next->activation()->info().backward_from_y) &&
            !rectified_pool(*next->activation(), consumers[step.output][0] + 1)) {
          request.epilogue = *next->activation();
          absorb();
        }
      }
      for (const Parameter& parameter : node.layer->parameters())
        step.trained = step.trained || parameter.trained;
      step.backward = plan.options_.training && (step.trained || request.input_gradient);
      needs_gradient[step.output] = step.trained || request.input_gradient;
      step.operation = node.layer->operation(request);
      step.epilogue = request.epilogue;
      step.traits = step.operation->traits();
      step.masked = plan.options_.training && takes_mask(request.epilogue, step.output);
      step.traits.backward_needs_y =
          step.traits.backward_needs_y || (request.epilogue.has_value() && !step.masked);
      step.dx.assign(step.inputs.size(), none);
      step.adds.assign(step.inputs.size(), false);
      step.x_pointers.resize(step.inputs.size());
      step.dx_pointers.resize(step.inputs.size());
      for (std::size_t k = 0; k < step.inputs.size(); ++k) {
        if (plan.options_.training && needs_gradient[step.inputs[k]])
          step.dx[k] = outside;  // a buffer comes later
      }
      plan.steps_.push_back(std::move(step));
      join_to_convolution(plan.steps_.size() - 1);
    }
    plan.output_ = plan.steps_.back().output;
  }

  // If step p is a max-pool that alone reads what a convolution makes.
  void join_to_convolution(std::size_t p) {
    Step& pool = plan.steps_[p];
    const std::size_t value = pool.inputs[0];
    if (!pool.traits.joins_convolution || consumers[value].size() != 1) return;
    for (std::size_t s = 0; s < p; ++s) {
      Step& step = plan.steps_[s];
      if (step.output != value || !step.traits.joins_pool) continue;
      step.pool = p;
      pool.pooled_for = s;
    }
  }

  // Kernels hand whole pixels to an epilogue; those of a multiple of 8 channels begin at whole bytes.
  bool takes_mask(const std::optional<Activation>& epilogue, std::size_t value) const {
    return epilogue && epilogue->info().backward_from_mask && net.shape(value).channels % 8 == 0;
  }

  std::size_t new_buffer(std::size_t bytes, std::size_t time) {
    plan.buffers_.push_back({.bytes = bytes, .first = time, .last = time});
    return plan.buffers_.size() - 1;
  }

  std::size_t value_bytes(std::size_t value) const {
    return net.shape(value).size() * static_cast<std::size_t>(plan.options_.batch) * sizeof(float);
  }

  void keep_until(std::size_t buffer, std::size_t time) {
    if (buffer != outside && buffer != none)
      plan.buffers_[buffer].last = std::max(plan.buffers_[buffer].last, time);
  }

  // When forward may write what step s makes.
  std::size_t made_at(std::size_t s) const {
    return plan.steps_[s].pooled_for == none ? s : plan.steps_[s].pooled_for;
  }

  void place_values() {
    const std::size_t count = plan.steps_.size();
    std::vector<std::size_t> last_use(nodes.size() + 1, 0);  // forward, by value
    for (std::size_t s = 0; s < count; ++s) {
      for (const std::size_t input : plan.steps_[s].inputs) last_use[input] = s;
    }
    last_use[plan.output_] = count;
    std::vector<std::size_t>& buffer_of = plan.value_buffers_;
    buffer_of.assign(nodes.size() + 1, none);
    buffer_of[0] = outside;
    // By buffer: the last forward use of any value in it, and whether backward reads it.
    std::vector<std::size_t> last_read;
    std::vector<bool> read_backward;
    for (std::size_t s = 0; s < count; ++s) {
      Step& step = plan.steps_[s];
      const std::size_t backward_time = 2 * count - s;
      for (const std::size_t input : step.inputs) {
        const std::size_t buffer = buffer_of[input];
        keep_until(buffer, s);
        if (step.backward && step.traits.backward_needs_x && buffer != outside) {
          keep_until(buffer, backward_time);
          read_backward[buffer] = true;
        }
      }
      const std::size_t input_buffer = buffer_of[step.inputs[step.traits.forward_in_place.value_or(0)]];
      // Another input in the same place would be overwritten before it is read.
      const auto same_place = [&](std::size_t input) { return buffer_of[input] == input_buffer; };
      const bool alone = std::count_if(step.inputs.begin(), step.inputs.end(), same_place) == 1;
      const bool in_place =
          step.traits.view || (step.traits.forward_in_place.has_value() && alone && input_buffer != outside &&
                               last_read[input_buffer] == s && !read_backward[input_buffer]);
      std::size_t& buffer = buffer_of[step.output];
      if (in_place) {
        buffer = input_buffer;
      } else {
        buffer = new_buffer(value_bytes(step.output), made_at(s));
        last_read.push_back(0);
        read_backward.push_back(false);
      }
      if (buffer != outside) {
        last_read[buffer] = std::max(last_read[buffer], last_use[step.output]);
        if (step.backward && step.traits.backward_needs_y) {
          keep_until(buffer, backward_time);
          read_backward[buffer] = true;
        }
      }
    }
    keep_until(buffer_of[plan.output_], count);
    for (std::size_t s = 0; s < count; ++s) {
      Step& step = plan.steps_[s];
      const auto keep = [&](std::size_t bytes) {
        const std::size_t buffer = new_buffer(bytes, made_at(s));
        keep_until(buffer, 2 * count - s);
        return buffer;
      };
      if (step.traits.saved_bytes > 0) step.saved = keep(step.traits.saved_bytes);
      if (step.masked && step.backward) step.mask = keep(value_bytes(step.output) / sizeof(float) / 8);
    }
  }

  void place_gradients() {
    const std::size_t count = plan.steps_.size();
    std::vector<std::size_t>& buffer_of = plan.gradient_buffers_;
    buffer_of.assign(nodes.size() + 1, none);
    buffer_of[plan.output_] = new_buffer(value_bytes(plan.output_), count);
    for (std::size_t s = count; s-- > 0;) {
      Step& step = plan.steps_[s];
      if (!step.backward) continue;
      const std::size_t time = 2 * count - s;
      const std::size_t dy = buffer_of[step.output];
      keep_until(dy, time);
      if (step.pool != none) {
        keep_until(buffer_of[plan.steps_[step.pool].output], time);
        keep_until(plan.steps_[step.pool].saved, time);
      }
      bool shared = !step.traits.backward_in_place;  // dy's place can go to one input
      for (std::size_t k = 0; k < step.inputs.size(); ++k) {
        if (step.dx[k] == none) continue;
        const std::size_t input = step.inputs[k];
        const std::size_t written = step.pooled_for == none ? time : 2 * count - step.pooled_for;
        step.dx[k] = shared ? new_buffer(value_bytes(input), written) : dy;
        shared = true;
        step.adds[k] = buffer_of[input] != none;
        if (step.adds[k]) {
          keep_until(buffer_of[input], time);
        } else {
          buffer_of[input] = step.dx[k];
        }
      }
    }
    if (plan.options_.input_gradient) keep_until(buffer_of[0], 2 * count + 1);
  }

  Plan& plan;
  const Net& net;
  std::span<const Net::Node> nodes;
  std::vector<std::vector<std::size_t>> consumers;  // nodes, by value
};

Plan::Plan(const Net& net, const PlanOptions& options) : net_(net), options_(options) {
  Builder builder(*this);
  builder.make_steps();
  builder.place_values();
  if (options.training) builder.place_gradients();
  arena_ = Memory(arrange(buffers_));
  load();
}

Plan::~Plan() = default;
Plan::Plan(Plan&&) noexcept = default;

float* Plan::at(std::size_t buffer) const {
  return reinterpret_cast<float*>(arena_.data() + buffers_[buffer].offset);
}

const float* Plan::value(std::size_t value) const {
  return value_buffers_[value] == outside ? input_ : at(value_buffers_[value]);
}

void Plan::load() {
  for (Step& step : steps_) step.operation->load(net_.values());
}

const float* Plan::forward(const float* x, std::int64_t n, const StepContext& context) {
  return forward(x, n, context, {});
}

const float* Plan::forward(const float* x, std::int64_t n, const StepContext& context, const Look& look,
                           Show show) {
  assert(n >= 1 && n <= options_.batch);
  input_ = x;
  n_ = n;
  const auto arguments_of = [&](Step& step) {
    for (std::size_t k = 0; k < step.inputs.size(); ++k) step.x_pointers[k] = value(step.inputs[k]);
    return ForwardArguments{
        .n = n,
        .x = step.x_pointers,
        .y = const_cast<float*>(value(step.output)),  // ours, or a view that writes nothing
        .values = net_.values(),
        .running = context.running.data(),
        .saved = step.saved == none ? nullptr : reinterpret_cast<std::byte*>(at(step.saved)),
        .mask = step.mask == none ? nullptr : reinterpret_cast<std::uint8_t*>(at(step.mask)),
        .workspace = &workspace_,
        .seed = context.seed,
        .step = context.step};
  };
  const auto show_output = [&](const Step& step) {
    look({.step = step.name,
          .node = step.output - 1,
          .values = {value(step.output), net_.shape(step.output).size() * static_cast<std::size_t>(n)}});
  };
  const auto run = [&](Step& step) {
    if (step.pooled) {
      if (look) show_output(step);
      return;
    }
    const double start = profiling_ ? seconds_now() : 0;
    const ForwardArguments arguments = arguments_of(step);
    if (step.pool != none) {
      Step& pool = steps_[step.pool];
      const bool wanted = look != nullptr && show == Show::every_step;
      pool.pooled = !wanted && step.operation->forward_pooled(
                                   arguments, pool.operation->pooled_output(arguments_of(pool)));
    }
    const bool written = step.pool == none || !steps_[step.pool].pooled;
    if (written) step.operation->forward(arguments);
    if (profiling_) step.forward_seconds += seconds_now() - start;
    if (look && written) show_output(step);
  };
  // In inference a step may take but some microseconds.
  const auto suits_team = [&](const Step& step) {
    return !options_.training && step.operation->suits_team(n);
  };
  for (auto first = steps_.begin(); first != steps_.end();) {
    auto last = std::find_if_not(first, steps_.end(), suits_team);
    if (last != first) {
      with_team([&] { std::for_each(first, last, run); });
    } else {
      run(*last++);
    }
    first = last;
  }
  return value(output_);
}

float* Plan::output_gradient() {
  assert(options_.training);
  return at(gradient_buffers_[output_]);
}

void Plan::backward(float* gradients) {
  assert(options_.training && n_ > 0);
  for (std::size_t s = steps_.size(); s-- > 0;) {
    Step& step = steps_[s];
    if (!step.backward) continue;
    const double start = profiling_ ? seconds_now() : 0;
    float* dy = at(gradient_buffers_[step.output]);
    for (std::size_t k = 0; k < step.inputs.size(); ++k) {
      step.x_pointers[k] = step.traits.backward_needs_x ? value(step.inputs[k]) : nullptr;
      step.dx_pointers[k] = step.dx[k] == none ? nullptr : at(step.dx[k]);
    }
    const float* y = step.traits.backward_needs_y ? value(step.output) : nullptr;
    std::optional<ActivationSlope> slope;
    if (step.epilogue) {
      slope.emplace(*step.epilogue, y,
                    step.mask == none ? nullptr : reinterpret_cast<const std::uint8_t*>(at(step.mask)), dy);
    }
    const bool applies_slope = step.trained && step.traits.applies_slope;
    if (slope && !applies_slope) {
      kernel::over_blocks(net_.shape(step.output).size() * static_cast<std::size_t>(n_),
                          [&](std::size_t begin, std::size_t size) { slope->get()(dy + begin, size); });
    }
    BackwardArguments arguments{
        .n = n_,
        .x = step.x_pointers,
        .y = y,
        .dy = dy,
        .pooled = step.pool == none ? nullptr : &steps_[step.pool].pooled_gradient,
        .slope = slope && applies_slope ? slope->get() : kernel::Epilogue{},
        .dx = step.dx_pointers,
        .values = net_.values(),
        .gradients = gradients,
        .saved = step.saved == none ? nullptr : reinterpret_cast<std::byte*>(at(step.saved)),
        .workspace = &workspace_};
    if (step.trained) step.operation->backward_weights(arguments);
    const double middle = profiling_ ? seconds_now() : 0;
    if (step.pooled_for != none) {
      step.pooled_gradient = step.operation->pooled_gradient(arguments);
    } else if (step.wants_data()) {
      step.operation->backward_data(arguments);
    }
    for (std::size_t k = 0; k < step.inputs.size(); ++k) {
      if (!step.adds[k]) continue;
      kernel::add_to(at(gradient_buffers_[step.inputs[k]]), step.dx_pointers[k],
                     net_.shape(step.inputs[k]).size() * static_cast<std::size_t>(n_));
    }
    if (profiling_) {
      step.weights_seconds += middle - start;
      step.data_seconds += seconds_now() - middle;
    }
  }
}

const float* Plan::input_gradient() const {
  assert(options_.input_gradient);
  return at(gradient_buffers_[0]);
}

void Plan::profile() {
  profiling_ = true;
  for (Step& step : steps_) step.forward_seconds = step.data_seconds = step.weights_seconds = 0;
}

std::vector<StepCost> Plan::costs() const {
  std::vector<StepCost> result;
  for (const Step& step : steps_) {
    result.push_back({.name = step.name,
                      .multiply_adds = step.multiply_adds,
                      .forward = step.forward_seconds,
                      .backward_data = step.data_seconds,
                      .backward_weights = step.weights_seconds,
                      .forward_kernel = step.operation->forward_kernel(),
                      .backward_data_kernel = step.operation->backward_data_kernel(),
                      .backward_weights_kernel = step.operation->backward_weights_kernel(),
                      .has_backward_data = step.backward && step.wants_data(),
                      .has_backward_weights = step.backward && step.trained});
  }
  return result;
}

}  // namespace halfwave
