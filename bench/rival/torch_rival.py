#!/usr/bin/env python3
"""PyTorch beside Halfwave: the same nets, float32, eager, on the CPU. Each mode prints one JSON line.

  torch_rival.py train NET --batch 64 --threads 2 --seconds 4     images a second of training on random input
  torch_rival.py infer NET --batch 1 --threads 2 --seconds 4      of inference likewise
  torch_rival.py accuracy NET --data fashion-mnist --epochs 10    accuracy on the test images after each epoch

train and infer try the set-ups below for a moment each and take the fastest; --setup NAME takes that one.
accuracy uses Halfwave's default recipe: see train_epochs() and initialise().
"""

import argparse
import gzip
import math
import pathlib
import sys
import time

import numpy as np
import torch
from torch import nn

sys.dont_write_bytecode = True
import measure
import nets

FASHION_MNIST = "/usr/share/datasets/fashion-mnist"  # Debian's package dataset-fashion-mnist
INFER_SETUPS = ["channels_last", "channels_first"]
TRAIN_SETUPS = [f"{order}+{sgd}" for order in INFER_SETUPS for sgd in ("fused", "foreach")]


def memory_format(setup):
    return torch.channels_last if "channels_last" in setup else torch.contiguous_format


def random_batch(net, batch, setup):
    x = torch.randn(batch, *nets.INPUTS[net]).contiguous(memory_format=memory_format(setup))
    return x, torch.randint(nets.CLASSES, (batch,))


def train_rate(net, batch, threads, seconds, setup):
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = nets.make(net).to(memory_format=memory_format(setup)).train()
    x, labels = random_batch(net, batch, setup)
    # The rate is small so that the values stay ordinary however long it runs.
    kind = {"fused": True} if "fused" in setup else {"foreach": True}
    optimiser = torch.optim.SGD(model.parameters(), 1e-4, momentum=0.9, weight_decay=5e-4, **kind)
    loss = nn.CrossEntropyLoss()

    def step():
        loss(model(x), labels).backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    return measure.images_per_second(step, batch, seconds)


def infer_rate(net, batch, threads, seconds, setup):
    torch.set_num_threads(threads)
    model = nets.make(net).to(memory_format=memory_format(setup)).eval()
    x, _ = random_batch(net, batch, setup)
    with torch.inference_mode():
        return measure.images_per_second(lambda: model(x), batch, seconds)


def speed(options, function, setups):
    def rate(setup, seconds=options.trial_seconds):
        return function(options.net, options.batch, options.threads, seconds, setup)

    setup = options.setup or measure.fastest(setups, rate)
    images_per_second = rate(setup, options.seconds)
    measure.report(
        rival="PyTorch", mode=options.mode, net=options.net, batch=options.batch, threads=options.threads,
        setup=setup, images_per_second=images_per_second, peak_memory_bytes=measure.peak_memory_bytes(),
        version=torch.__version__)


# Accuracy


def read_idx(folder, name):
    path = next((path for path in (folder / f"{name}.gz", folder / name) if path.exists()), None)
    if path is None:
        raise SystemExit(f"{folder}: expected {name} or {name}.gz")
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    dims = np.frombuffer(data, ">u4", data[3], 4)
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(dims).copy())


def read_data(name):
    """Images (normalised by the training images, N x 1 x H x W) and labels, of training and test."""
    folder = pathlib.Path(FASHION_MNIST if name == "fashion-mnist" else name)
    train, test = (read_idx(folder, f"{part}-images-idx3-ubyte").double() / 255 for part in ("train", "t10k"))
    labels = (read_idx(folder, f"{part}-labels-idx1-ubyte").long() for part in ("train", "t10k"))
    mean, deviation = train.mean(), train.std(correction=0)
    return [(((part - mean) / deviation).float()[:, None], y) for part, y in zip((train, test), labels)]


def initialise(model):
    """He normal, for the last layer Glorot normal, biases 0; batch norm as PyTorch has it (1 and 0)."""
    weighted = [module for module in model.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    for module in weighted:
        if module is weighted[-1]:
            nn.init.xavier_normal_(module.weight)
        else:
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def rate_at(step, steps, rate):
    """Linear warm-up over the first 5 % of the steps, then a cosine to 0. The first step is 0."""
    warm_up = math.floor(0.05 * steps)
    if step < warm_up:
        return rate * (step + 1) / warm_up
    return rate * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / (steps - warm_up)))


def test_accuracy(model, images, labels):
    model.eval()
    with torch.inference_mode():
        batches = zip(images.split(500), labels.split(500))
        right = sum(int((model(x).argmax(1) == y).sum()) for x, y in batches)
    return right / len(labels)


def train_epochs(options):
    """SGD, Nesterov momentum 0.9, weight decay 5e-4 on weights alone, no augmentation, last batch kept."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    (images, labels), test = read_data(options.data)
    expected, got = nets.INPUTS[options.net], tuple(images.shape[1:])
    if got != expected:
        raise SystemExit(f"{options.net}: expected images of {expected}, got {got}")
    model = nets.make(options.net)
    initialise(model)
    model = model.to(memory_format=torch.channels_last)
    weights = [value for value in model.parameters() if value.dim() > 1]
    others = [value for value in model.parameters() if value.dim() == 1]
    optimiser = torch.optim.SGD(
        [{"params": weights, "weight_decay": 5e-4}, {"params": others, "weight_decay": 0}],
        options.rate, momentum=0.9, nesterov=True, fused=True)
    loss = nn.CrossEntropyLoss()
    step, steps = 0, options.epochs * math.ceil(len(images) / options.batch)
    accuracies, losses, start = [], [], time.perf_counter()
    for _ in range(options.epochs):
        model.train()
        total = 0
        for chosen in torch.randperm(len(images)).split(options.batch):
            for group in optimiser.param_groups:
                group["lr"] = rate_at(step, steps, options.rate)
            value = loss(model(images[chosen].contiguous(memory_format=torch.channels_last)), labels[chosen])
            optimiser.zero_grad(set_to_none=True)
            value.backward()
            optimiser.step()
            total += value.item() * len(chosen)
            step += 1
        losses.append(total / len(images))
        accuracies.append(test_accuracy(model, *test))
    measure.report(
        rival="PyTorch", mode="accuracy", net=options.net, data=options.data, epochs=options.epochs,
        seed=options.seed, rate=options.rate, batch=options.batch, threads=options.threads,
        test_accuracy=accuracies, train_loss=losses, seconds=time.perf_counter() - start,
        version=torch.__version__)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(dest="mode", required=True)
    for mode, setups in (("train", TRAIN_SETUPS), ("infer", INFER_SETUPS), ("accuracy", None)):
        own = modes.add_parser(mode)
        own.add_argument("net", choices=nets.INPUTS)
        own.add_argument("--batch", type=int, default=64)
        own.add_argument("--threads", type=int, default=2)
        if setups:
            own.add_argument("--seconds", type=float, default=4)
            own.add_argument("--trial-seconds", type=float, default=0.7, help="for each set-up, twice")
            own.add_argument("--setup", choices=setups)
        else:
            own.add_argument("--data", default="fashion-mnist", help="fashion-mnist or a folder of idx files")
            own.add_argument("--epochs", type=int, default=10)
            own.add_argument("--seed", type=int, default=1)
            own.add_argument("--rate", type=float, default=0.05)
    options = parser.parse_args()
    if options.mode == "accuracy":
        train_epochs(options)
    elif options.mode == "train":
        speed(options, train_rate, TRAIN_SETUPS)
    else:
        speed(options, infer_rate, INFER_SETUPS)


if __name__ == "__main__":
    main()
