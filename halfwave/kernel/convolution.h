// Convolution over NHWC float32, three passes, each with implementations of its own, chosen by rule from the
// sizes and the zeros in the data. Pointers and sizes only: nothing is checked here. One object serves one
// thread at a time; the passes use the pool of threads themselves.
//
// y(n, p, q, o) = b(o) + sum over i, j, c of x(n, p * stride - pad + i * dilation, ..., c) * w(o, i, j, c)
// (cross-correlation, as in every framework; PyTorch's Conv2d). x outside the image counts as 0.
// Weights w: output channels x kernel height x kernel width x (input channels / groups).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "halfwave/kernel/epilogue.h"
#include "halfwave/kernel/kernel_choice.h"
#include "halfwave/kernel/pool.h"
#include "halfwave/kernel/workspace.h"

namespace halfwave::kernel {

struct ConvolutionSize {
  std::int64_t input_height, input_width, input_channels;
  std::int64_t output_height, output_width, output_channels;
  std::int64_t kernel_height, kernel_width;
  std::int64_t stride_height = 1, stride_width = 1;
  std::int64_t pad_height = 0, pad_width = 0;
  std::int64_t dilation_height = 1, dilation_width = 1;
  std::int64_t groups = 1;

  std::size_t input_size() const {
    return static_cast<std::size_t>(input_height * input_width * input_channels);
  }
  std::size_t output_size() const {
    return static_cast<std::size_t>(output_height * output_width * output_channels);
  }
  std::size_t weight_count() const {
    return static_cast<std::size_t>(output_channels * kernel_height * kernel_width * input_channels / groups);
  }
};

class ConvolutionForward {
 public:
  virtual ~ConvolutionForward() = default;
  virtual const char* name() const = 0;  // of what the last run took
  // The share of zeros that the last run found in what could be skipped; -1 where none are counted.
  virtual double zeros() const { return -1; }
  // Takes over new weights and bias (bias may be null). The pointers must live until the next load.
  virtual void load(const float* w, const float* b) = 0;
  // y is overwritten (or added to, as it was made), then given to the epilogue.
  virtual void run(std::int64_t n, const float* x, float* y, const Epilogue& epilogue,
                   Workspace& workspace) = 0;
  // The same for a max-pool that follows, of which alone the output is written. False: it does not.
  virtual bool run_pooled(std::int64_t n, const float* x, const PooledOutput& y, Workspace& workspace);
  // Whether all that a run of n images shares out among threads are loops of ours, for with_team().
  virtual bool suits_team(std::int64_t) const { return true; }
};

class ConvolutionBackwardData {
 public:
  virtual ~ConvolutionBackwardData() = default;
  virtual const char* name() const = 0;
  virtual double zeros() const { return -1; }
  virtual void load(const float* w) = 0;
  // dx is overwritten.
  virtual void run(std::int64_t n, const float* dy, float* dx, Workspace& workspace) = 0;
  // The same from the gradient of a max-pool that follows. False: it does not, and wants dy.
  virtual bool run_pooled(std::int64_t n, const PooledGradient& dy, float* dx, Workspace& workspace);
};

class ConvolutionBackwardWeights {
 public:
  virtual ~ConvolutionBackwardWeights() = default;
  virtual const char* name() const = 0;
  virtual double zeros() const { return -1; }
  // dw is added to. (That of the bias: channel_sum.h.)
  virtual void run(std::int64_t n, const float* x, const float* dy, float* dw, Workspace& workspace) = 0;
  virtual bool run_pooled(std::int64_t n, const float* x, const PooledGradient& dy, float* dw,
                          Workspace& workspace);
};

// Weights of a whole net that stay in the last-level cache from one batch to the next.
constexpr std::size_t cached_weight_bytes = std::size_t{16} << 20;

struct ConvolutionUse {
  std::int64_t batch = 1;       // the largest that will come
  bool training = false;        // the weights change every step
  bool adds = false;            // forward: to what is in y, instead of overwriting it
  std::size_t threads = 1;      // that work on a batch together
  std::size_t net_weights = 0;  // of all layers of the net
  KernelChoice kernels = KernelChoice::automatic;
};

std::unique_ptr<ConvolutionForward> make_convolution_forward(const ConvolutionSize& size,
                                                             const ConvolutionUse& use);
// Whether it can add to y: not where an output sees nothing but padding, which oneDNN 2.6 overwrites.
bool convolution_add_possible(const ConvolutionSize& size);
std::unique_ptr<ConvolutionBackwardData> make_convolution_backward_data(const ConvolutionSize& size,
                                                                        const ConvolutionUse& use);
std::unique_ptr<ConvolutionBackwardWeights> make_convolution_backward_weights(const ConvolutionSize& size,
                                                                              const ConvolutionUse& use);

// The implementations, for tests and benchmarks. The narrow ones are for few input channels: dilation 1 (or a
// single tap), one group; see narrow_convolution.cc.
std::unique_ptr<ConvolutionForward> make_onednn_forward(const ConvolutionSize& size, bool adds = false);
std::unique_ptr<ConvolutionBackwardData> make_onednn_backward_data(const ConvolutionSize& size);
std::unique_ptr<ConvolutionBackwardWeights> make_onednn_backward_weights(const ConvolutionSize& size);
// Not where a strided 1x1 filter sees fewer than 16 channels (8 with AVX2): oneDNN 2.6 then copies a whole
// vector of each pixel, beyond its scratchpad, and into that of another thread.
bool onednn_backward_weights_possible(const ConvolutionSize& size);
bool narrow_possible(const ConvolutionSize& size);
std::unique_ptr<ConvolutionForward> make_narrow_forward(const ConvolutionSize& size);
std::unique_ptr<ConvolutionBackwardData> make_narrow_backward_data(const ConvolutionSize& size);
std::unique_ptr<ConvolutionBackwardWeights> make_narrow_backward_weights(const ConvolutionSize& size);

// Winograd's, by tiles of so many outputs: square kernels of 3 or 5 with stride 1, dilation 1, one group and
// at most kernel - 1 of padding.
enum class WinogradTile { f4x4_3x3, f6x6_3x3, f2x2_5x5, f4x4_5x5 };
bool winograd_possible(const ConvolutionSize& size, WinogradTile tile);
// In training the transformed weights are made anew in each run, in the workspace: they change every step.
std::unique_ptr<ConvolutionForward> make_winograd_forward(const ConvolutionSize& size, WinogradTile tile,
                                                          const ConvolutionUse& use);
std::unique_ptr<ConvolutionBackwardData> make_winograd_backward_data(const ConvolutionSize& size,
                                                                     WinogradTile tile);
std::unique_ptr<ConvolutionBackwardWeights> make_winograd_backward_weights(const ConvolutionSize& size,
                                                                           WinogradTile tile);

// Zero-skipping: dilation 1, one group. In inference the packed weights are kept from run to run.
bool sparse_possible(const ConvolutionSize& size);
std::unique_ptr<ConvolutionForward> make_sparse_forward(const ConvolutionSize& size,
                                                        const ConvolutionUse& use);
std::unique_ptr<ConvolutionBackwardData> make_sparse_backward_data(const ConvolutionSize& size);
// Skips the zeros of dy, or those of x (stride 1 only).
std::unique_ptr<ConvolutionBackwardWeights> make_sparse_dy_backward_weights(const ConvolutionSize& size);
std::unique_ptr<ConvolutionBackwardWeights> make_sparse_x_backward_weights(const ConvolutionSize& size);

}  // namespace halfwave::kernel
