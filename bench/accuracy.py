#!/usr/bin/env python3
"""Accuracy of Halfwave beside PyTorch: same nets, same recipe, mean over seeds, after the last epoch.

  python3 bench/accuracy.py --python VENV/bin/python [--mnist FOLDER] [--cifar FOLDER] [--seeds 1 2 3]

Fashion-MNIST is Debian's package dataset-fashion-mnist; MNIST, and CIFAR-10 as train/ and test/ with class folders
of JPEGs, are left out unless their folders are given. PyTorch gets the recipe from the run's config.toml, and both
must have read the same pixels. What takes hours may be broken off: with --keep FOLDER both sides go on with what
they find there.
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
from compare import HERE, KEEP_BLOCKS, TOOL, row, run

CASES = [("lenet5", "fashion-mnist"), ("mnist-example", "fashion-mnist"), ("lenet5", "mnist"),
         ("cifar-quick", "cifar"), ("resnet20", "cifar")]


def normalisation(model):
    """Mean and deviation of the training pictures, as the model file has them."""
    with open(model, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        info = json.loads(json.loads(file.read(size))["__metadata__"]["halfwave.model"])
    return info["mean"] + info["deviation"]


def train(options, net, data, seed, out):
    """Seconds of Halfwave's run in the folder `out`, which it goes on with if it is there."""
    if (out / "last.safetensors").exists():
        command = [options.halfwave, "train", "--resume", out]
    else:
        command = [options.halfwave, "train", net, data, "--seed", str(seed), "--threads", str(options.threads),
                   "--out", out]
        if options.epochs:
            command += ["--epochs", str(options.epochs)]
    # All of it, with reading the data and the tests after each epoch, in as many goes as it took.
    clock = out.with_suffix(".seconds")
    before = float(clock.read_text()) if clock.exists() else 0
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        time.sleep(0.2)
        clock.write_text(str(before + time.perf_counter() - start))
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: failed")
    return float(clock.read_text())


def compare(options, net, name, data, seed, folder):
    """Accuracy and seconds of Halfwave, then of PyTorch on the recipe of that run, after the last epoch."""
    out = folder / f"{net}-{name}-{seed}"
    seconds = train(options, net, data, seed, out)
    # Not the run's best model, which is chosen by the test images themselves.
    last = out / "last.safetensors"
    ours = run([options.halfwave, "evaluate", last, data, "--json"])["accuracy"]
    with open(out / "results.csv") as file:
        epochs = sum(1 for _ in csv.DictReader(file))
    theirs = run([options.python, HERE / "rival" / "torch_accuracy.py", out / "config.toml", "--checkpoint",
                  out.with_suffix(".torch")], KEEP_BLOCKS)
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
    parser.add_argument("--keep", type=pathlib.Path, metavar="FOLDER", help="for the runs, to go on with later")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        compare_all(options, folder)


def compare_all(options, folder):
    lines, version = [], ""
    for net, name in CASES:
        data = {"mnist": options.mnist, "cifar": options.cifar}.get(name, name)
        if data is None or (options.nets and net not in options.nets):
            continue
        runs = []
        for seed in options.seeds:
            runs.append(compare(options, net, name, data, seed, folder))
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
