#!/usr/bin/env python3
"""ONNX Runtime beside Halfwave: inference of the same nets, float32, on the CPU. Prints one JSON line.

  ort_rival.py infer NET --batch 64 --threads 2 --seconds 4

The net is exported from its PyTorch definition for the very batch size, in a child process: PyTorch's memory
does not count. The set-ups below are tried for a moment each and the fastest is taken; --setup NAME takes
that one.
"""

import sys

sys.dont_write_bytecode = True
import measure
import onnx_rival

SETUPS = [f"{threads}+{call}" for threads in ("spinning_threads", "sleeping_threads", "one_thread")
          for call in ("run", "bound")]


def infer_rate(model, batch, threads, seconds, setup):
    import numpy as np
    import onnxruntime as ort

    settings = ort.SessionOptions()
    settings.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    settings.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    settings.intra_op_num_threads = 1 if "one_thread" in setup else threads
    settings.inter_op_num_threads = 1
    settings.add_session_config_entry("session.intra_op.allow_spinning", "1" if "spinning" in setup else "0")
    session = ort.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
    shape = session.get_inputs()[0].shape
    x = np.random.default_rng(1).standard_normal(shape, np.float32)
    if "bound" in setup:
        binding = session.io_binding()
        binding.bind_ortvalue_input("x", ort.OrtValue.ortvalue_from_numpy(x))
        y = np.empty(session.get_outputs()[0].shape, np.float32)
        binding.bind_ortvalue_output("y", ort.OrtValue.ortvalue_from_numpy(y))
        return measure.images_per_second(lambda: session.run_with_iobinding(binding), batch, seconds)
    feed = {"x": x}
    return measure.images_per_second(lambda: session.run(None, feed), batch, seconds)


def version():
    import onnxruntime

    return onnxruntime.__version__


if __name__ == "__main__":
    onnx_rival.main(__doc__, "ONNX Runtime", version, SETUPS, infer_rate)
