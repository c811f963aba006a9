// oneDNN's element-wise primitives, version 2 or 3.
#include <sched.h>

#include <oneapi/dnnl/dnnl.hpp>
#include <optional>

#include "openmp.h"
#include "rival.h"

namespace {

using dnnl::algorithm;

struct Eltwise {
  algorithm kind;
  float alpha = 0;
  float beta = 0;
};

// One algorithm of oneDNN for an activation; where it can do the backward pass from y too, that one.
struct Entry {
  const char* name;
  Eltwise from_x;
  std::optional<algorithm> from_y = {};
};

const std::vector<Entry> entries {
  {"linear", {algorithm::eltwise_linear, 1, 0}},
      {"relu", {algorithm::eltwise_relu}, algorithm::eltwise_relu_use_dst_for_bwd},
      {"relu6", {algorithm::eltwise_clip, 0, 6}},
      {"relu6", {algorithm::eltwise_clip_v2, 0, 6}, algorithm::eltwise_clip_v2_use_dst_for_bwd},
      {"leaky_relu", {algorithm::eltwise_relu, 0.01F}, algorithm::eltwise_relu_use_dst_for_bwd},
      {"elu", {algorithm::eltwise_elu, 1}, algorithm::eltwise_elu_use_dst_for_bwd},
      {"celu",
       {algorithm::eltwise_elu, 1},
       algorithm::eltwise_elu_use_dst_for_bwd},  // the same where alpha is 1
      {"sigmoid", {algorithm::eltwise_logistic}, algorithm::eltwise_logistic_use_dst_for_bwd},
      {"tanh", {algorithm::eltwise_tanh}, algorithm::eltwise_tanh_use_dst_for_bwd},
      {"hard_tanh", {algorithm::eltwise_clip, -1, 1}},
      {"hard_tanh", {algorithm::eltwise_clip_v2, -1, 1}, algorithm::eltwise_clip_v2_use_dst_for_bwd},
      {"softplus", {algorithm::eltwise_soft_relu, 1}}, {"gelu", {algorithm::eltwise_gelu_erf}},
      {"gelu_tanh", {algorithm::eltwise_gelu_tanh}}, {"silu", {algorithm::eltwise_swish, 1}},
      {"mish", {algorithm::eltwise_mish}}, {"abs", {algorithm::eltwise_abs}},
      {"square", {algorithm::eltwise_square}},
#if DNNL_VERSION_MAJOR >= 3
      {"log_sigmoid", {algorithm::eltwise_soft_relu, -1}},
      {"hard_sigmoid", {algorithm::eltwise_hardsigmoid, 1 / 6.0F, 0.5F}},
      {"hard_silu", {algorithm::eltwise_hardswish, 1 / 6.0F, 0.5F}},
#else
      {"log_sigmoid", {algorithm::eltwise_logsigmoid}}, {"hard_silu", {algorithm::eltwise_hardswish}},
#endif
};

class Runner {
 public:
  explicit Runner(const rival::Bench& bench)
      : bench_(bench),
        layout_({static_cast<dnnl::memory::dim>(bench.n())}, dnnl::memory::data_type::f32,
                dnnl::memory::format_tag::a) {}

  void measure(const Entry& entry) {
    if (!bench_.wants(entry.name)) return;
    const auto [kind, alpha, beta] = entry.from_x;
    measure_forward(entry.name, forward(dnnl::prop_kind::forward_inference, kind, alpha, beta));
    measure_backward(entry.name, "eltwise from x", kind, alpha, beta, DNNL_ARG_SRC, bench_.x());
    if (!entry.from_y) return;
    // y as this library makes it.
    const dnnl::eltwise_forward make(forward(dnnl::prop_kind::forward_training, kind, alpha, beta));
    make.execute(stream_, {{DNNL_ARG_SRC, memory(bench_.x())}, {DNNL_ARG_DST, memory(bench_.y())}});
    measure_backward(entry.name, "eltwise from y", *entry.from_y, alpha, beta, DNNL_ARG_DST, bench_.y());
  }

 private:
  using Pd = dnnl::eltwise_forward::primitive_desc;
  using Arguments = std::vector<dnnl_exec_arg_t>;

  Pd forward(dnnl::prop_kind prop, algorithm kind, float alpha, float beta) {
#if DNNL_VERSION_MAJOR >= 3
    return {engine_, prop, kind, layout_, layout_, alpha, beta};
#else
    return {{prop, kind, layout_, alpha, beta}, engine_};
#endif
  }

  dnnl::memory memory(float* values) { return {layout_, engine_, values}; }

  // A call is the C function with arguments made before: the quickest way to run a primitive.
  template <class Measure>
  void run(const dnnl::primitive& primitive, const std::vector<Arguments>& slots, Measure&& measure) {
    measure([&](std::size_t slot) {
      dnnl_primitive_execute(primitive.get(), stream_.get(), static_cast<int>(slots[slot].size()),
                             slots[slot].data());
      // Elsewhere a CPU's primitive has done its work when the function returns.
      if constexpr (DNNL_CPU_RUNTIME == DNNL_RUNTIME_SYCL) dnnl_stream_wait(stream_.get());
    });
  }

  void measure_forward(const char* name, const Pd& description) {
    std::vector<dnnl::memory> kept;
    std::vector<Arguments> slots;
    for (std::size_t slot = 0; slot < bench_.slots(); ++slot) {
      kept.push_back(memory(bench_.x(slot)));
      kept.push_back(bench_.in_place() ? kept.back() : memory(bench_.work(slot)));
      slots.push_back({{DNNL_ARG_SRC, kept[kept.size() - 2].get()}, {DNNL_ARG_DST, kept.back().get()}});
    }
    run(dnnl::eltwise_forward(description), slots,
        [&](auto&& call) { bench_.forward(name, "eltwise", call); });
  }

  void measure_backward(const char* name, const char* setup, algorithm kind, float alpha, float beta,
                        int saved_name, float* saved_values) {
    const Pd hint = forward(dnnl::prop_kind::forward_training, kind, alpha, beta);
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::eltwise_backward::primitive_desc description(engine_, kind, layout_, layout_, layout_, alpha,
                                                             beta, hint);
#else
    const dnnl::eltwise_backward::primitive_desc description({kind, layout_, layout_, alpha, beta}, engine_,
                                                             hint);
#endif
    const dnnl::memory saved = memory(saved_values);
    std::vector<dnnl::memory> kept;
    std::vector<Arguments> slots;
    for (std::size_t slot = 0; slot < bench_.slots(); ++slot) {
      kept.push_back(memory(bench_.dy(slot)));
      kept.push_back(bench_.in_place() ? kept.back() : memory(bench_.work(slot)));
      slots.push_back({{saved_name, saved.get()},
                       {DNNL_ARG_DIFF_DST, kept[kept.size() - 2].get()},
                       {DNNL_ARG_DIFF_SRC, kept.back().get()}});
    }
    run(dnnl::eltwise_backward(description), slots, [&](auto&& call) { bench_.backward(name, setup, call); });
  }

  const rival::Bench& bench_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::memory::desc layout_;
};

// Without it, its threads would spin on the cores of TBB's.
constexpr bool has_openmp = DNNL_CPU_RUNTIME == DNNL_RUNTIME_OMP;

// With TBB (which SYCL uses on a CPU) the cores that the process may use count.
void use_threads(int threads) {
#if DNNL_CPU_RUNTIME == DNNL_RUNTIME_OMP
  omp_set_num_threads(threads);
#else
  cpu_set_t cores;
  CPU_ZERO(&cores);
  for (int core = 0; core < threads; ++core) CPU_SET(core, &cores);
  sched_setaffinity(0, sizeof cores, &cores);
#endif
}

}  // namespace

int main(int count, char** arguments) {
  const rival::Options options = rival::parse(count, arguments);
  use_threads(options.threads);
  const dnnl_version_t* const v = dnnl_version();
  const std::string version =
      std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
  for (const std::size_t n : options.sizes) {
    const rival::Bench bench(options, n, "oneDNN", version,
                             rival::openmp_copy(has_openmp ? options.threads : 1));
    Runner runner(bench);
    for (const Entry& entry : entries) {
      if (bench.in_place() && std::string(entry.name) == "linear") continue;  // there is nothing to do
      runner.measure(entry);
    }
  }
}
