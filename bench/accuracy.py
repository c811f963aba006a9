#!/usr/bin/env python3
"""Accuracy of Halfwave beside PyTorch: same nets, same recipe, mean over seeds, after the last epoch.

  python3 bench/accuracy.py --python VENV/bin/python [--mnist FOLDER] [--cifar FOLDER] [--seeds 1 2 3]

Fashion-MNIST is Debian's package dataset-fashion-mnist; MNIST, and CIFAR-10 as train/ and test/ with class folders
of JPEGs, are left out unless their folders are given. PyTorch gets the recipe from the run's config.toml, and both
must have read the same pixels.
"""

import argparse
import csv
import json
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from compare import HERE, TOOL, row, run

CASES = [("lenet5", "fashion-mnist"), ("mnist-example", "fashion-mnist"), ("lenet5", "mnist"),
         ("cifar-quick", "cifar"), ("resnet20", "cifar")]


def normalisation(model):
    """Mean and deviation of the training pictures, as the model file has them."""
    with open(model, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        info = json.loads(json.loads(file.read(size))["__metadata__"]["halfwave.model"])
    return info["mean"] + info["deviation"]


def compare(options, net, data, seed):
    """Accuracy and seconds of Halfwave, then of PyTorch on the recipe of that run, after the last epoch."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "run"
        command = [options.halfwave, "train", net, data, "--seed", str(seed), "--threads", str(options.threads),
                   "--out", out]
        if options.epochs:
            command += ["--epochs", str(options.epochs)]
        start = time.perf_counter()
        if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))}: failed")
        seconds = time.perf_counter() - start  # with reading the data and the tests after each epoch
        # Not the run's best model, which is chosen by the test images themselves.
        last = out / "last.safetensors"
        ours = run([options.halfwave, "evaluate", last, data, "--json"])["accuracy"]
        with open(out / "results.csv") as file:
            epochs = sum(1 for _ in csv.DictReader(file))
        theirs = run([options.python, HERE / "rival" / "torch_accuracy.py", out / "config.toml"])
        pairs = zip(normalisation(last), theirs["mean"] + theirs["deviation"], strict=True)
        if any(abs(a - b) > 1e-6 for a, b in pairs):
            raise SystemExit(f"{data}: Halfwave and PyTorch read other pixels")
    return {"epochs": epochs, "ours": ours, "seconds": seconds,
            "theirs": theirs["test_accuracy"][-1], "their_seconds": theirs["seconds"], "version": theirs["version"]}


def percent(shares):
    return f"{100 * statistics.mean(shares):.2f} ({', '.join(f'{100 * share:.2f}' for share in shares)})"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--halfwave", default=TOOL, help="the tool")
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has PyTorch")
    parser.add_argument("--mnist", metavar="FOLDER", help="where MNIST's idx files lie")
    parser.add_argument("--cifar", metavar="FOLDER", help="where CIFAR-10's class folders lie")
    parser.add_argument("--nets", nargs="+", choices={net for net, _ in CASES})
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=2, help="of both")
    options = parser.parse_args()

    lines, version = [], ""
    for net, name in CASES:
        data = {"mnist": options.mnist, "cifar": options.cifar}.get(name, name)
        if data is None or (options.nets and net not in options.nets):
            continue
        runs = []
        for seed in options.seeds:
            runs.append(compare(options, net, data, seed))
            print(f"{net} {name}, seed {seed}: {runs[-1]}", file=sys.stderr, flush=True)
        ours, theirs = ([one[key] for one in runs] for key in ("ours", "theirs"))
        minutes = (f"{statistics.median(one[key] for one in runs) / 60:.1f}" for key in ("seconds", "their_seconds"))
        difference = 100 * (statistics.mean(ours) - statistics.mean(theirs))
        lines.append((net, name, runs[0]["epochs"], percent(ours), percent(theirs), f"{difference:+.2f}", *minutes))
        version = runs[0]["version"]

    print("Test accuracy in % after the last epoch, mean (each seed)\n")
    row("Net", "Data", "Epochs", "Halfwave", f"PyTorch {version}", "Difference", "Minutes", "PyTorch's minutes")
    row(*["---"] * 8)
    for line in lines:
        row(*line)


if __name__ == "__main__":
    main()
