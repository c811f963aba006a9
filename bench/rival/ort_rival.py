#!/usr/bin/env python3
"""ONNX Runtime beside Halfwave: inference of the same nets, float32, on the CPU. Prints one JSON line.

  ort_rival.py infer NET --batch 64 --threads 2 --seconds 4

The net is exported from its PyTorch definition for the very batch size, in a child process: PyTorch's memory
does not count. The set-ups below are tried for a moment each and the fastest is taken; --setup NAME takes
that one.
"""

import argparse
import io
import sys

sys.dont_write_bytecode = True
import measure

SETUPS = [f"{threads}+{call}" for threads in ("spinning_threads", "sleeping_threads", "one_thread")
          for call in ("run", "bound")]
NETS = ["lenet5", "mnist-example", "cifar-quick", "vgg-small", "resnet20"]


def export(net, batch):
    """The net as ONNX bytes."""
    import warnings

    import torch

    import nets

    warnings.simplefilter("ignore", DeprecationWarning)  # the old exporter needs no further packages
    torch.manual_seed(1)
    model, file = nets.make(net).eval(), io.BytesIO()
    torch.onnx.export(model, (torch.randn(batch, *nets.INPUTS[net]),), file, dynamo=False, opset_version=17,
                      input_names=["x"], output_names=["y"])
    return file.getvalue()


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


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["infer"])
    parser.add_argument("net", choices=NETS)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--trial-seconds", type=float, default=0.5, help="for each set-up, twice")
    parser.add_argument("--setup", choices=SETUPS)
    options = parser.parse_args()

    model = measure.in_child(export, options.net, options.batch)

    def rate(setup, seconds=options.trial_seconds):
        return infer_rate(model, options.batch, options.threads, seconds, setup)

    setup = options.setup or measure.fastest(SETUPS, rate)
    images_per_second = rate(setup, options.seconds)
    measure.report(
        rival="ONNX Runtime", mode="infer", net=options.net, batch=options.batch, threads=options.threads,
        setup=setup, images_per_second=images_per_second, peak_memory_bytes=measure.peak_memory_bytes(),
        version=version())


if __name__ == "__main__":
    main()
