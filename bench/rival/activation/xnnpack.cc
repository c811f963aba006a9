// XNNPACK's operators for single activations; it has the forward pass alone. Debian's version.
#include <pthreadpool.h>
#include <xnnpack.h>

#include <limits>

#include "rival.h"

namespace {

void require(xnn_status status, const char* what) {
  if (status == xnn_status_success) return;
  std::fprintf(stderr, "XNNPACK: %s: status %d\n", what, static_cast<int>(status));
  std::exit(1);
}

// Values as a batch of n rows of one channel. create(operator*) and setup(operator, n, x, y, pool) are
// XNNPACK's own, made before the clock counts; a call is a run.
template <class Create, class Setup, class Value>
void measure(const rival::Bench& bench, pthreadpool_t pool, const char* name, Create create, Setup setup,
             const Value* /*type*/) {
  if (!bench.wants(name)) return;
  std::vector<xnn_operator_t> operators(bench.slots());
  for (std::size_t slot = 0; slot < bench.slots(); ++slot) {
    require(create(&operators[slot]), name);
    require(setup(operators[slot], bench.n(), reinterpret_cast<const Value*>(bench.x(slot)),
                  reinterpret_cast<Value*>(bench.work(slot)), pool),
            name);
  }
  bench.forward(name, "nc_f32", [&](std::size_t slot) { xnn_run_operator(operators[slot], pool); });
  for (const xnn_operator_t each : operators) xnn_delete_operator(each);
}

void measure_all(const rival::Bench& bench, pthreadpool_t pool) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const auto run = [&](const char* name, auto create, auto setup) {
    measure(bench, pool, name, create, setup, static_cast<const float*>(nullptr));
  };
  const auto clamp = [&](const char* name, float low, float high) {
    run(
        name, [=](xnn_operator_t* made) { return xnn_create_clamp_nc_f32(1, 1, 1, low, high, 0, made); },
        &xnn_setup_clamp_nc_f32);
  };
  if (!bench.in_place()) {
    measure(
        bench, pool, "linear", [](xnn_operator_t* made) { return xnn_create_copy_nc_x32(1, 1, 1, 0, made); },
        &xnn_setup_copy_nc_x32, static_cast<const void*>(nullptr));
  }
  clamp("relu", 0, infinity);
  clamp("relu6", 0, 6);
  clamp("hard_tanh", -1, 1);
  run(
      "leaky_relu",
      [](xnn_operator_t* made) { return xnn_create_leaky_relu_nc_f32(1, 1, 1, 0.01F, 0, made); },
      &xnn_setup_leaky_relu_nc_f32);
  for (const char* name : {"elu", "celu"}) {  // the same where alpha is 1
    run(
        name, [](xnn_operator_t* made) { return xnn_create_elu_nc_f32(1, 1, 1, 1, 0, made); },
        &xnn_setup_elu_nc_f32);
  }
  run(
      "sigmoid", [](xnn_operator_t* made) { return xnn_create_sigmoid_nc_f32(1, 1, 1, 0, made); },
      &xnn_setup_sigmoid_nc_f32);
  run(
      "hard_silu", [](xnn_operator_t* made) { return xnn_create_hardswish_nc_f32(1, 1, 1, 0, made); },
      &xnn_setup_hardswish_nc_f32);
  run(
      "abs", [](xnn_operator_t* made) { return xnn_create_abs_nc_f32(1, 1, 1, 0, made); },
      &xnn_setup_abs_nc_f32);
  run(
      "square", [](xnn_operator_t* made) { return xnn_create_square_nc_f32(1, 1, 1, 0, made); },
      &xnn_setup_square_nc_f32);
}

struct Arrays {
  float* to;
  const float* from;
};

rival::Copy copy_by(pthreadpool_t pool) {
  return [pool](std::size_t n, float* to, const float* from) {
    const auto part = [](void* arrays, std::size_t begin, std::size_t count) {
      const auto [to, from] = *static_cast<Arrays*>(arrays);
      std::memcpy(to + begin, from + begin, count * sizeof(float));
    };
    constexpr std::size_t least = 1 << 14;
    Arrays arrays{to, from};
    pthreadpool_parallelize_1d_tile_1d(pool, part, &arrays, n, least, 0);
  };
}

}  // namespace

int main(int count, char** arguments) {
  const rival::Options options = rival::parse(count, arguments);
  require(xnn_initialize(nullptr), "initialize");
  const auto threads = static_cast<std::size_t>(options.threads);
  const pthreadpool_t pool = threads > 1 ? pthreadpool_create(threads) : nullptr;
  for (const std::size_t n : options.sizes)
    measure_all(rival::Bench(options, n, "XNNPACK", XNNPACK_VERSION, copy_by(pool)), pool);
  pthreadpool_destroy(pool);
}
