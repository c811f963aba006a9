// Dense direct convolution by oneDNN, in NHWC. Weights are packed into the layout that oneDNN prefers when
// they change. The activation is not oneDNN's: its ReLU turns a NaN into 0.

#include <vector>

#include "halfwave/base/parallel.h"
#include "halfwave/kernel/convolution.h"
#include "halfwave/kernel/onednn.h"

namespace halfwave::kernel {
namespace {

using namespace onednn;

// The result is added to what the target holds.
dnnl::post_ops sum() {
  dnnl::post_ops operations;
  operations.append_sum(1.0F);
  return operations;
}

struct Description {
  explicit Description(const ConvolutionSize& s)
      : size(s),
        strides{s.stride_height, s.stride_width},
        dilations{s.dilation_height - 1, s.dilation_width - 1},
        padding{s.pad_height, s.pad_width} {
    const dnnl::memory::dim o = s.output_channels / s.groups;
    const dnnl::memory::dim i = s.input_channels / s.groups;
    const dnnl::memory::dim h = s.kernel_height;
    const dnnl::memory::dim w = s.kernel_width;
    if (s.groups == 1) {
      weight_dims = {o, i, h, w};
      weights = {weight_dims, f32, dnnl::memory::dims{h * w * i, 1, w * i, i}};
    } else {
      weight_dims = {s.groups, o, i, h, w};
      weights = {weight_dims, f32, dnnl::memory::dims{o * h * w * i, h * w * i, 1, w * i, i}};
    }
    any_weights = {weight_dims, f32, Tag::any};
    bias = {{s.output_channels}, f32, Tag::x};
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  }

  dnnl::memory::desc input(std::int64_t n) const {
    return {{n, size.input_channels, size.input_height, size.input_width}, f32, Tag::nhwc};
  }
  dnnl::memory::desc output(std::int64_t n) const {
    return {{n, size.output_channels, size.output_height, size.output_width}, f32, Tag::nhwc};
  }

  dnnl::convolution_forward::primitive_desc forward(std::int64_t n) const {
    const auto kind = dnnl::prop_kind::forward_training;
    const auto algorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    return {engine(),  kind,    algorithm, input(n), any_weights, bias,
            output(n), strides, dilations, padding,  padding,     attributes};
#else
    return {{kind, algorithm, input(n), any_weights, bias, output(n), strides, dilations, padding, padding},
            attributes,
            engine()};
#endif
  }
  dnnl::convolution_backward_data::primitive_desc backward_data(std::int64_t n) const {
    const auto algorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    return {engine(),  algorithm, input(n), any_weights, output(n), strides,
            dilations, padding,   padding,  forward(n),  attributes};
#else
    return {{algorithm, input(n), any_weights, output(n), strides, dilations, padding, padding},
            attributes,
            engine(),
            forward(n)};
#endif
  }
  dnnl::convolution_backward_weights::primitive_desc backward_weights(std::int64_t n) const {
    const auto algorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    return {engine(), algorithm, input(n), any_weights, bias,       output(n),
            strides,  dilations, padding,  padding,     forward(n), attributes};
#else
    return {{algorithm, input(n), any_weights, bias, output(n), strides, dilations, padding, padding},
            attributes,
            engine(),
            forward(n)};
#endif
  }

  ConvolutionSize size;
  dnnl::memory::dims strides;
  dnnl::memory::dims dilations;
  dnnl::memory::dims padding;
  dnnl::memory::dims weight_dims;
  dnnl::memory::desc weights;
  dnnl::memory::desc any_weights;
  dnnl::memory::desc bias;
  dnnl::primitive_attr attributes;
};

class OnednnForward final : public ConvolutionForward {
 public:
  OnednnForward(const ConvolutionSize& size, bool adds)
      : description_(size), no_bias_(static_cast<std::size_t>(size.output_channels)) {
    if (adds) description_.attributes.set_post_ops(sum());
  }

  const char* name() const override { return "onednn"; }

  void load(const float* w, const float* b) override {
    w_ = w;
    b_ = b;
    ++version_;
  }

  void run(std::int64_t n, const float* x, float* y, const Epilogue& epilogue,
           Workspace& workspace) override {
    Bound& bound = bound_to(bounds_, description_, n);
    bound.weights.update(stream_, w_, version_);
    set(bound.x, x);
    set(bound.b, b_ != nullptr ? b_ : no_bias_.data());
    set(bound.y, y);
    bound.scratch.set_data_handle(workspace.get(bound.scratch.get_desc().get_size()));
    execute(bound.primitive, stream_,
            {{DNNL_ARG_SRC, bound.x},
             {DNNL_ARG_WEIGHTS, bound.weights.packed},
             {DNNL_ARG_BIAS, bound.b},
             {DNNL_ARG_DST, bound.y},
             {DNNL_ARG_SCRATCHPAD, bound.scratch}});
    if (epilogue.apply == nullptr) return;
    parallel_for(static_cast<std::size_t>(n) * description_.size.output_size(), 1024,
                 [&](std::size_t begin, std::size_t end, int) { epilogue(y + begin, end - begin); });
  }

 private:
  struct Bound {
    Bound(const Description& d, std::int64_t count) : Bound(d, count, d.forward(count)) {}
    Bound(const Description& d, std::int64_t count, const dnnl::convolution_forward::primitive_desc& desc)
        : n(count),
          primitive(desc),
          weights(d.weights, desc.weights_desc()),
          x(empty_memory(desc.src_desc())),
          b(empty_memory(d.bias)),
          y(empty_memory(desc.dst_desc())),
          scratch(empty_memory(desc.scratchpad_desc())) {}
    std::int64_t n;
    int threads = thread_count();
    dnnl::convolution_forward primitive;
    PackedWeights weights;
    dnnl::memory x, b, y, scratch;
  };

  Description description_;
  dnnl::stream stream_{engine()};
  std::vector<float> no_bias_;
  std::vector<std::unique_ptr<Bound>> bounds_;
  const float* w_ = nullptr;
  const float* b_ = nullptr;
  std::uint64_t version_ = 0;
};

class OnednnBackwardData final : public ConvolutionBackwardData {
 public:
  explicit OnednnBackwardData(const ConvolutionSize& size) : description_(size) {}

  const char* name() const override { return "onednn"; }

  void load(const float* w) override {
    w_ = w;
    ++version_;
  }

  void run(std::int64_t n, const float* dy, float* dx, Workspace& workspace) override {
    Bound& bound = bound_to(bounds_, description_, n);
    bound.weights.update(stream_, w_, version_);
    set(bound.dy, dy);
    set(bound.dx, dx);
    bound.scratch.set_data_handle(workspace.get(bound.scratch.get_desc().get_size()));
    execute(bound.primitive, stream_,
            {{DNNL_ARG_DIFF_DST, bound.dy},
             {DNNL_ARG_WEIGHTS, bound.weights.packed},
             {DNNL_ARG_DIFF_SRC, bound.dx},
             {DNNL_ARG_SCRATCHPAD, bound.scratch}});
  }

 private:
  struct Bound {
    Bound(const Description& d, std::int64_t count) : Bound(d, count, d.backward_data(count)) {}
    Bound(const Description& d, std::int64_t count,
          const dnnl::convolution_backward_data::primitive_desc& desc)
        : n(count),
          primitive(desc),
          weights(d.weights, desc.weights_desc()),
          dy(empty_memory(desc.diff_dst_desc())),
          dx(empty_memory(desc.diff_src_desc())),
          scratch(empty_memory(desc.scratchpad_desc())) {}
    std::int64_t n;
    int threads = thread_count();
    dnnl::convolution_backward_data primitive;
    PackedWeights weights;
    dnnl::memory dy, dx, scratch;
  };

  Description description_;
  dnnl::stream stream_{engine()};
  std::vector<std::unique_ptr<Bound>> bounds_;
  const float* w_ = nullptr;
  std::uint64_t version_ = 0;
};

class OnednnBackwardWeights final : public ConvolutionBackwardWeights {
 public:
  explicit OnednnBackwardWeights(const ConvolutionSize& size) : description_(size) {}

  const char* name() const override { return "onednn"; }

  void run(std::int64_t n, const float* x, const float* dy, float* dw, float* db,
           Workspace& workspace) override {
    Bound& bound = bound_to(bounds_, description_, n);
    set(bound.x, x);
    set(bound.dy, dy);
    set(bound.sum, dw);
    bound.scratch.set_data_handle(workspace.get(bound.scratch.get_desc().get_size()));
    execute(bound.primitive, stream_,
            {{DNNL_ARG_SRC, bound.x},
             {DNNL_ARG_DIFF_DST, bound.dy},
             {DNNL_ARG_DIFF_WEIGHTS, bound.dw},
             {DNNL_ARG_DIFF_BIAS, bound.db},
             {DNNL_ARG_SCRATCHPAD, bound.scratch}});
    execute(bound.accumulate, stream_, {{DNNL_ARG_FROM, bound.dw}, {DNNL_ARG_TO, bound.sum}});
    if (db == nullptr) return;
    const auto* part = static_cast<const float*>(bound.db.get_data_handle());
    for (std::int64_t o = 0; o < description_.size.output_channels; ++o) db[o] += part[o];
  }

 private:
  static dnnl::reorder::primitive_desc accumulation(const dnnl::memory::desc& from,
                                                    const dnnl::memory::desc& to) {
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(sum());
    return {engine(), from, engine(), to, attributes};
  }

  struct Bound {
    Bound(const Description& d, std::int64_t count) : Bound(d, count, d.backward_weights(count)) {}
    Bound(const Description& d, std::int64_t count,
          const dnnl::convolution_backward_weights::primitive_desc& desc)
        : n(count),
          primitive(desc),
          accumulate(accumulation(desc.diff_weights_desc(), d.weights)),
          x(empty_memory(desc.src_desc())),
          dy(empty_memory(desc.diff_dst_desc())),
          dw(desc.diff_weights_desc(), engine()),
          db(d.bias, engine()),
          sum(empty_memory(d.weights)),
          scratch(empty_memory(desc.scratchpad_desc())) {}
    std::int64_t n;
    int threads = thread_count();
    dnnl::convolution_backward_weights primitive;
    dnnl::reorder accumulate;
    dnnl::memory x, dy, dw, db, sum, scratch;
  };

  Description description_;
  dnnl::stream stream_{engine()};
  std::vector<std::unique_ptr<Bound>> bounds_;
};

}  // namespace

std::unique_ptr<ConvolutionForward> make_onednn_forward(const ConvolutionSize& size) {
  return std::make_unique<OnednnForward>(size, false);
}

std::unique_ptr<ConvolutionForward> make_convolution_add(const ConvolutionSize& size) {
  return std::make_unique<OnednnForward>(size, true);
}

std::unique_ptr<ConvolutionBackwardData> make_onednn_backward_data(const ConvolutionSize& size) {
  return std::make_unique<OnednnBackwardData>(size);
}

std::unique_ptr<ConvolutionBackwardWeights> make_onednn_backward_weights(const ConvolutionSize& size) {
  return std::make_unique<OnednnBackwardWeights>(size);
}

}  // namespace halfwave::kernel
