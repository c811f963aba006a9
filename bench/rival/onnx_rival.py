"""What the rivals share that run the nets from ONNX: the export from PyTorch, the arguments, the report."""

import argparse
import io

import measure


def export(net, batch):
    """The net as ONNX bytes."""
    import warnings

    import torch

    import nets

    warnings.simplefilter("ignore", DeprecationWarning)  # the old exporter needs no further packages
    torch.manual_seed(1)
    model, file = nets.make(net).eval(), io.BytesIO()
    torch.onnx.export(model, (torch.randn(batch, *nets.input_shape(net)),), file, dynamo=False, opset_version=17,
                      input_names=["x"], output_names=["y"])
    return file.getvalue()


def main(text, rival, version, setups, infer_rate):
    """infer_rate(model as ONNX bytes, batch, threads, seconds, set-up): images a second."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["infer"])
    parser.add_argument("net", help="as in `halfwave nets`; NAME@SIDE with pictures of another size")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--trial-seconds", type=float, default=0.5, help="for each set-up, twice")
    parser.add_argument("--setup", choices=setups)
    options = parser.parse_args()

    model = measure.in_child(export, options.net, options.batch)

    def rate(setup, seconds=options.trial_seconds):
        return infer_rate(model, options.batch, options.threads, seconds, setup)

    # With one picture at a time nothing is to be overlapped.
    able = [setup for setup in setups if options.batch > 1 or not setup.startswith("throughput")]
    setup = options.setup or measure.fastest(able, rate)
    images_per_second = rate(setup, options.seconds)
    measure.report(
        rival=rival, mode="infer", net=options.net, batch=options.batch, threads=options.threads, setup=setup,
        images_per_second=images_per_second, peak_memory_bytes=measure.peak_memory_bytes(), version=version())
