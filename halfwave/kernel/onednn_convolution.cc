// Dense direct convolution by oneDNN, in NHWC. Weights are packed into the layout that oneDNN prefers when
// they change. The activation is not oneDNN's: its ReLU turns a NaN into 0.

#include <algorithm>
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
        padding{s.pad_height, s.pad_width},
        padding_end(padding) {
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
            output(n), strides, dilations, padding,  padding_end, attributes};
#else
    return {
        {kind, algorithm, input(n), any_weights, bias, output(n), strides, dilations, padding, padding_end},
        attributes,
        engine()};
#endif
  }
  dnnl::convolution_backward_data::primitive_desc backward_data(std::int64_t n) const {
    const auto algorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    return {engine(),  algorithm, input(n),    any_weights, output(n), strides,
            dilations, padding,   padding_end, forward(n),  attributes};
#else
    return {{algorithm, input(n), any_weights, output(n), strides, dilations, padding, padding_end},
            attributes,
            engine(),
            forward(n)};
#endif
  }
  dnnl::convolution_backward_weights::primitive_desc backward_weights(std::int64_t n) const {
    const auto algorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    return {engine(),  algorithm, input(n),    any_weights, output(n), strides,
            dilations, padding,   padding_end, forward(n),  attributes};
#else
    return {{algorithm, input(n), any_weights, output(n), strides, dilations, padding, padding_end},
            attributes,
            engine(),
            forward(n)};
#endif
  }

  ConvolutionSize size;
  dnnl::memory::dims strides;
  dnnl::memory::dims dilations;
  dnnl::memory::dims padding;      // at the top and the left
  dnnl::memory::dims padding_end;  // at the bottom and the right
  dnnl::memory::dims weight_dims;
  dnnl::memory::desc weights;
  dnnl::memory::desc any_weights;
  dnnl::memory::desc bias;
  dnnl::primitive_attr attributes;
};

// Rows [first, last) of the output, as a convolution of the rows of the input that they see. Every output
// must see one.
Description band_of(const Description& whole, std::int64_t first, std::int64_t last) {
  const ConvolutionSize& s = whole.size;
  const std::int64_t begin = first * s.stride_height - s.pad_height;
  const std::int64_t end =
      (last - 1) * s.stride_height - s.pad_height + (s.kernel_height - 1) * s.dilation_height + 1;
  Description band = whole;
  band.padding[0] = std::max<std::int64_t>(-begin, 0);
  band.padding_end[0] = std::max<std::int64_t>(end - s.input_height, 0);
  band.size.input_height = std::min(end, s.input_height) - std::max<std::int64_t>(begin, 0);
  band.size.output_height = last - first;
  return band;
}

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
    if (n == 1 && bands_pay()) {
      run_bands(x, y, epilogue, workspace);
      return;
    }
    Bound& bound = bound_to(bounds_, description_, n);
    bound.weights.update(bound.stream, w_, version_);
    run(bound, x, y, workspace.get(bound.scratch_bytes()));
    if (epilogue.apply == nullptr) return;
    parallel_for(static_cast<std::size_t>(n) * description_.size.output_size(), 1024,
                 [&](std::size_t begin, std::size_t end, int) { epilogue(y + begin, end - begin); });
  }

  bool suits_team(std::int64_t n) const override { return n == 1 && bands_pay(); }

 private:
  struct Bound;

  void run(Bound& bound, const float* x, float* y, std::byte* scratch) const {
    set(bound.x, x);
    set(bound.b, b_ != nullptr ? b_ : no_bias_.data());
    set(bound.y, y);
    bound.scratch.set_data_handle(scratch);
    execute(bound.primitive, bound.stream,
            {{DNNL_ARG_SRC, bound.x},
             {DNNL_ARG_WEIGHTS, bound.weights.packed},
             {DNNL_ARG_BIAS, bound.b},
             {DNNL_ARG_DST, bound.y},
             {DNNL_ARG_SCRATCHPAD, bound.scratch}});
  }

  // A single image is cut into a band of rows for each thread, which goes over its band a second time for the
  // epilogue without waiting for the others. Not with so many weights that each had better read only a part.
  bool bands_pay() const {
    constexpr std::size_t most_weights = 1 << 16;
    const int threads = thread_count();
    return threads > 1 && description_.size.output_height >= threads &&
           description_.size.weight_count() <= most_weights && convolution_add_possible(description_.size);
  }

  void run_bands(const float* x, float* y, const Epilogue& epilogue, Workspace& workspace) {
    const ConvolutionSize& size = description_.size;
    const int threads = thread_count();
    const auto row = [&](int band) { return size.output_height * band / threads; };
    if (bands_.size() != static_cast<std::size_t>(threads)) {
      bands_.clear();
      const ThreadScope alone(1);  // of a band's primitive
      for (int band = 0; band < threads; ++band) {
        bands_.push_back(std::make_unique<Bound>(band_of(description_, row(band), row(band + 1)), 1));
      }
    }
    std::size_t room = 0;
    for (const auto& band : bands_) {
      band->weights.update(band->stream, w_, version_);
      room = std::max(room, band->scratch_bytes());
    }
    const ThreadMemory scratch = workspace.by_thread(room, bands_.size());
    parallel_for(bands_.size(), 1, [&](std::size_t begin, std::size_t end, int) {
      for (std::size_t i = begin; i < end; ++i) {
        const std::int64_t first = row(static_cast<int>(i));
        const std::int64_t last = row(static_cast<int>(i) + 1);
        const std::int64_t top = std::max<std::int64_t>(first * size.stride_height - size.pad_height, 0);
        float* to = y + first * size.output_width * size.output_channels;
        run(*bands_[i], x + top * size.input_width * size.input_channels, to, scratch.bytes(i));
        epilogue(to, static_cast<std::size_t>((last - first) * size.output_width * size.output_channels));
      }
    });
  }

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

    std::size_t scratch_bytes() const { return scratch.get_desc().get_size(); }

    std::int64_t n;
    int threads = thread_count();
    dnnl::convolution_forward primitive;
    PackedWeights weights;
    dnnl::memory x, b, y, scratch;
    dnnl::stream stream{engine()};
  };

  Description description_;
  std::vector<float> no_bias_;
  std::vector<std::unique_ptr<Bound>> bounds_;
  std::vector<std::unique_ptr<Bound>> bands_;  // by thread
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

  void run(std::int64_t n, const float* x, const float* dy, float* dw, Workspace& workspace) override {
    Bound& bound = bound_to(bounds_, description_, n);
    set(bound.x, x);
    set(bound.dy, dy);
    set(bound.sum, dw);
    bound.scratch.set_data_handle(workspace.get(bound.scratch.get_desc().get_size()));
    execute(bound.primitive, stream_,
            {{DNNL_ARG_SRC, bound.x},
             {DNNL_ARG_DIFF_DST, bound.dy},
             {DNNL_ARG_DIFF_WEIGHTS, bound.dw},
             {DNNL_ARG_SCRATCHPAD, bound.scratch}});
    execute(bound.accumulate, stream_, {{DNNL_ARG_FROM, bound.dw}, {DNNL_ARG_TO, bound.sum}});
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
          sum(empty_memory(d.weights)),
          scratch(empty_memory(desc.scratchpad_desc())) {}
    std::int64_t n;
    int threads = thread_count();
    dnnl::convolution_backward_weights primitive;
    dnnl::reorder accumulate;
    dnnl::memory x, dy, dw, sum, scratch;
  };

  Description description_;
  dnnl::stream stream_{engine()};
  std::vector<std::unique_ptr<Bound>> bounds_;
};

}  // namespace

std::unique_ptr<ConvolutionForward> make_onednn_forward(const ConvolutionSize& size, bool adds) {
  return std::make_unique<OnednnForward>(size, adds);
}

std::unique_ptr<ConvolutionBackwardData> make_onednn_backward_data(const ConvolutionSize& size) {
  return std::make_unique<OnednnBackwardData>(size);
}

bool onednn_backward_weights_possible(const ConvolutionSize& s) {
  const bool strided = s.stride_height > 1 || s.stride_width > 1;
  return !(strided && s.kernel_height == 1 && s.kernel_width == 1 && s.groups == 1 && s.input_channels < 16);
}

std::unique_ptr<ConvolutionBackwardWeights> make_onednn_backward_weights(const ConvolutionSize& size) {
  return std::make_unique<OnednnBackwardWeights>(size);
}

}  // namespace halfwave::kernel
