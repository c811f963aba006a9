#!/usr/bin/env python3
"""OpenVINO beside Halfwave: inference of the same nets, float32, on the CPU. Prints one JSON line.

  openvino_rival.py infer NET --batch 64 --threads 2 --seconds 4

The net comes from its PyTorch definition by way of ONNX, for the very batch size, in a child process. The
set-ups below are tried for a moment each and the fastest is taken; --setup NAME takes that one.
"""

import sys

sys.dont_write_bytecode = True
import measure
import onnx_rival

# Hints as its documentation advises; requests in flight where it may overlap them.
SETUPS = ["latency+infer", "latency+start", "throughput+queue"]


def infer_rate(model, batch, threads, seconds, setup):
    import numpy as np
    import openvino as ov

    core = ov.Core()
    hint, call = setup.split("+")
    compiled = core.compile_model(core.read_model(model), "CPU", {
        "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": hint.upper()})
    x = np.random.default_rng(1).standard_normal(tuple(compiled.input(0).shape), np.float32)
    if call == "queue":
        queue = ov.AsyncInferQueue(compiled)
        for request in queue:
            request.set_input_tensor(ov.Tensor(x.copy()))
        requests = len(queue)

        def step():
            for _ in range(requests):
                queue.start_async()
            queue.wait_all()

        return measure.images_per_second(step, batch * requests, seconds)
    request = compiled.create_infer_request()
    request.set_input_tensor(ov.Tensor(x))
    if call == "start":
        def step():
            request.start_async()
            request.wait()
    else:
        step = request.infer
    return measure.images_per_second(step, batch, seconds)


def version():
    import openvino

    return openvino.__version__.split("-")[0]


if __name__ == "__main__":
    onnx_rival.main(__doc__, "OpenVINO", version, SETUPS, infer_rate)
