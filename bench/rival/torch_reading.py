#!/usr/bin/env python3
"""torchvision's ImageFolder and DataLoader: pictures a second over one epoch. Prints one JSON line.

  torch_reading.py FOLDER --workers 2 --decoder pillow [--size 224]

Decoders: pillow, which ImageFolder takes by itself, and torchvision, whose own decodes into tensors.
"""

import argparse
import pathlib
import sys
import time

import torch
from torchvision import datasets, io
from torchvision.transforms import v2

sys.dont_write_bytecode = True
import measure


def decode(path):
    return io.decode_image(io.read_file(path), io.ImageReadMode.RGB)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--decoder", choices=["pillow", "torchvision"], default="pillow")
    parser.add_argument("--size", type=int, default=0)
    options = parser.parse_args()

    torch.set_num_threads(1 if options.workers else 2)
    fit = [v2.Resize(options.size, antialias=True), v2.CenterCrop(options.size)] if options.size else []
    steps = [*fit, v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize((0.5,) * 3, (0.25,) * 3)]
    loader = {"loader": decode} if options.decoder == "torchvision" else {}
    data = datasets.ImageFolder(options.folder / "train", v2.Compose(steps), **loader)
    loader = torch.utils.data.DataLoader(
        data, batch_size=64, shuffle=True, num_workers=options.workers, persistent_workers=options.workers > 0)
    for _ in loader:  # starts the workers, fills the page cache
        pass
    start = time.perf_counter()
    images = sum(len(labels) for _, labels in loader)
    seconds = time.perf_counter() - start
    measure.report(rival="torchvision", workers=options.workers, decoder=options.decoder, size=options.size,
                   images_per_second=images / seconds, version=torch.__version__)


if __name__ == "__main__":
    main()
