#!/usr/bin/env python3
"""Whether training is as good whatever kernels compute it: test accuracy after the last epoch, over seeds.

  python3 bench/kernels.py [--cifar FOLDER] [--nets lenet5] [--kernels dense auto] [--epochs 5] [--rate 0.02] [--seeds 1 2 3 4 5]

The first of the kernels is what the others are compared with. Fashion-MNIST is Debian's package
dataset-fashion-mnist; CIFAR-10, as train/ and test/ with class folders of JPEGs, is left out unless its folder is given.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from compare import TOOL, row, run

CASES = [("lenet5", "fashion-mnist"), ("mnist-example", "fashion-mnist"), ("cifar-quick", "cifar")]


def accuracy(options, net, data, kernels, seed):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "run"
        command = [options.halfwave, "train", net, data, "--seed", str(seed), "--kernels", kernels,
                   "--threads", str(options.threads), "--out", out]
        if options.epochs:
            command += ["--epochs", str(options.epochs)]
        if options.rate:
            command += ["--rate", str(options.rate)]
        if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))}: failed")
        # Not the run's best model, which is chosen by the test images themselves.
        return run([options.halfwave, "evaluate", out / "last.safetensors", data, "--json"])["accuracy"]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--halfwave", default=TOOL, help="the tool")
    parser.add_argument("--cifar", metavar="FOLDER", help="where CIFAR-10's class folders lie")
    parser.add_argument("--nets", nargs="+", choices={net for net, _ in CASES})
    parser.add_argument("--kernels", nargs="+", default=["dense", "auto"],
                        choices=["auto", "dense", "winograd", "sparse", "exact"])
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument("--rate", type=float, help="instead of the recipe's; a lower one may leave the seeds a smaller spread")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    print("Test accuracy in % after the last epoch\n")
    row("Net", "Kernels", "Mean", "Spread of the seeds", "Each seed", f"Over {options.kernels[0]}")
    row(*["---"] * 6)
    for net, name in CASES:
        data = {"cifar": options.cifar}.get(name, name)
        if data is None or (options.nets and net not in options.nets):
            continue
        base = None
        for kernels in options.kernels:
            shares = [100 * accuracy(options, net, data, kernels, seed) for seed in options.seeds]
            base = base or statistics.mean(shares)
            spread = statistics.stdev(shares) if len(shares) > 1 else float("nan")
            row(net, kernels, f"{statistics.mean(shares):.2f}", f"{spread:.2f}",
                ", ".join(f"{share:.2f}" for share in shares), f"{statistics.mean(shares) - base:+.2f}")


if __name__ == "__main__":
    main()
