#!/usr/bin/env python3
"""Pictures a second that are read from class folders: Halfwave beside torchvision's ImageFolder and DataLoader.

  python3 bench/reading.py --python VENV/bin/python FOLDER [--size 224] [--repeats 5]

FOLDER holds train/ with class folders. Both decode, scale the shorter side, crop the centre and normalise every picture of
train/ once an epoch, in batches of 64, from a warm page cache, and throw the batches away. torchvision takes the best of
--workers and of its decoders; without --size both give the pictures in their own size, which must then be one.
"""

import argparse
import json
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True
from compare import HERE, row, run


def rates(command, repeats):
    return [run([str(part) for part in command])["images_per_second"] for _ in range(repeats)]


def text(values):
    return f"{statistics.median(values):,.0f} ({min(values):,.0f}-{max(values):,.0f})"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--reading", default=HERE.parent / "build/release/bench/reading", help="Halfwave's program")
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has torchvision")
    parser.add_argument("--size", type=int, default=0)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--threads", type=int, default=2, help="of Halfwave")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()

    size = ["--size", options.size] if options.size else []
    ours = [options.reading, options.folder, "--threads", options.threads, *size]
    theirs = [options.python, HERE / "rival" / "torch_reading.py", options.folder, *size, "--workers"]
    setups = [(workers, decoder) for decoder in ("pillow", "torchvision") for workers in options.workers]
    by_setup = {setup: rates([*theirs, setup[0], "--decoder", setup[1]], 1)[0] for setup in setups}
    best = max(by_setup, key=by_setup.get)
    mine, other = [], []
    for _ in range(options.repeats):  # in turn
        mine += rates(ours, 1)
        other += rates([*theirs, best[0], "--decoder", best[1]], 1)
    row("Pictures", "Halfwave", f"torchvision, {best[0]} workers, {best[1]}", "Ratio")
    row(*["---"] * 4)
    row(options.size or "own size", text(mine), text(other), f"{statistics.median(mine) / statistics.median(other):.2f}")
    print("\nall:", json.dumps({f"{workers} {decoder}": round(rate) for (workers, decoder), rate in by_setup.items()}))


if __name__ == "__main__":
    main()
