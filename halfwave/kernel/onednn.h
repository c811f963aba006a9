// What the kernels made of oneDNN's primitives share. Included by sources of this folder only.
#pragma once

#include <array>
#include <cstdint>
#include <dnnl.hpp>
#include <memory>
#include <vector>

#include "halfwave/base/parallel.h"

namespace halfwave::kernel::onednn {

using Tag = dnnl::memory::format_tag;
inline constexpr auto f32 = dnnl::memory::data_type::f32;

inline const dnnl::engine& engine() {
  static const dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

inline dnnl::memory empty_memory(const dnnl::memory::desc& desc) {
  return {desc, engine(), DNNL_MEMORY_NONE};
}

inline void set(const dnnl::memory& memory, const float* data) {
  memory.set_data_handle(const_cast<float*>(data));
}

struct Argument {
  int name;
  const dnnl::memory& memory;
};

// The C call: the C++ one builds a map on every execution.
template <std::size_t N>
void execute(const dnnl::primitive& primitive, const dnnl::stream& stream, const Argument (&arguments)[N]) {
  std::array<dnnl_exec_arg_t, N> list;
  for (std::size_t i = 0; i < N; ++i) list[i] = {arguments[i].name, arguments[i].memory.get()};
  dnnl::error::wrap_c_api(
      dnnl_primitive_execute(primitive.get(), stream.get(), static_cast<int>(N), list.data()),
      "oneDNN could not run a primitive");
}

// Weights in the layout of one primitive, made anew when the source has changed.
struct PackedWeights {
  PackedWeights(const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted)
      : source(empty_memory(plain)), packed(wanted, engine()), reorder(source, packed) {}

  void update(const dnnl::stream& stream, const float* w, std::uint64_t wanted) {
    if (version == wanted) return;
    set(source, w);
    execute(reorder, stream, {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, packed}});
    version = wanted;
  }

  dnnl::memory source;
  dnnl::memory packed;
  dnnl::reorder reorder;
  std::uint64_t version = 0;
};

// Primitives are made for one batch size and one number of threads (with fewer, the backward pass of weights
// would wait for the others for ever); a run meets few.
template <class Bound, class Description>
Bound& bound_to(std::vector<std::unique_ptr<Bound>>& all, const Description& description, std::int64_t n) {
  const int threads = thread_count();
  for (const auto& bound : all) {
    if (bound->n == n && bound->threads == threads) return *bound;
  }
  set_thread_count(threads);  // inside a parallel region oneDNN would take the number of those outside
  return *all.emplace_back(std::make_unique<Bound>(description, n));
}

}  // namespace halfwave::kernel::onednn
