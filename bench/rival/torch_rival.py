#!/usr/bin/env python3
"""PyTorch beside Halfwave: the same nets on the CPU, eager and compiled. Each mode prints one JSON line.

  torch_rival.py train NET --batch 64 --threads 2 --seconds 4     images a second of training on random input
  torch_rival.py train NET --bf16                                 with autocast to bfloat16, else in float32
  torch_rival.py infer NET --batch 1 --threads 2 --seconds 4      of inference likewise

Both try the set-ups below for a moment each and take the fastest; --setup NAME takes that one.
"""

import argparse
import sys

import torch
from torch import nn

sys.dont_write_bytecode = True
import measure
import nets

ORDERS = ["channels_last", "channels_first"]
TRAIN_SETUPS = [f"{order}+{sgd}" for order in ORDERS for sgd in ("fused", "foreach")] + ["channels_last+fused+compiled"]
INFER_SETUPS = [*ORDERS, "channels_last+compiled"]


def memory_format(setup):
    return torch.channels_last if "channels_last" in setup else torch.contiguous_format


def runnable(model, setup):
    return torch.compile(model, dynamic=False) if "compiled" in setup else model


def random_batch(net, batch, setup):
    x = torch.randn(batch, *nets.input_shape(net)).contiguous(memory_format=memory_format(setup))
    return x, torch.randint(nets.classes(net), (batch,))


def train_rate(net, batch, threads, seconds, setup, bf16):
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = nets.make(net).to(memory_format=memory_format(setup)).train()
    x, labels = random_batch(net, batch, setup)
    # The rate is small so that the values stay ordinary however long it runs.
    kind = {"fused": True} if "fused" in setup else {"foreach": True}
    optimiser = torch.optim.SGD(model.parameters(), 1e-4, momentum=0.9, weight_decay=5e-4, **kind)
    forward, loss = runnable(model, setup), nn.CrossEntropyLoss()

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            error = loss(forward(x), labels)
        error.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    return measure.images_per_second(step, batch, seconds)


def infer_rate(net, batch, threads, seconds, setup, bf16):
    torch.set_num_threads(threads)
    model = nets.make(net).to(memory_format=memory_format(setup)).eval()
    x, _ = random_batch(net, batch, setup)
    torch._inductor.config.freezing = True  # weights packed once
    forward = runnable(model, setup)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        return measure.images_per_second(lambda: forward(x), batch, seconds)


def speed(options, function, setups):
    def rate(setup, seconds=options.trial_seconds):
        return function(options.net, options.batch, options.threads, seconds, setup, options.bf16)

    setup = options.setup or measure.fastest(setups, rate)
    images_per_second = rate(setup, options.seconds)
    measure.report(
        rival="PyTorch bf16" if options.bf16 else "PyTorch", mode=options.mode, net=options.net,
        batch=options.batch, threads=options.threads, setup=setup, images_per_second=images_per_second, peak_memory_bytes=measure.peak_memory_bytes(),
        version=torch.__version__)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(dest="mode", required=True)
    for mode, setups in (("train", TRAIN_SETUPS), ("infer", INFER_SETUPS)):
        own = modes.add_parser(mode)
        own.add_argument("net", help="as in `halfwave nets`; NAME@SIDE with pictures of another size")
        own.add_argument("--batch", type=int, default=64)
        own.add_argument("--threads", type=int, default=2)
        own.add_argument("--seconds", type=float, default=4)
        own.add_argument("--trial-seconds", type=float, default=0.7, help="for each set-up, twice")
        own.add_argument("--setup", choices=setups)
        own.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
    options = parser.parse_args()
    if options.mode == "train":
        speed(options, train_rate, TRAIN_SETUPS)
    else:
        speed(options, infer_rate, INFER_SETUPS)


if __name__ == "__main__":
    main()
