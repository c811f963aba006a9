#!/usr/bin/env python3
"""Accuracy of Halfwave beside PyTorch: same nets, same recipe, mean over seeds, after the last epoch.

  python3 bench/accuracy.py --python VENV/bin/python [--mnist FOLDER] [--epochs 10] [--seeds 1 2 3]

Fashion-MNIST is Debian's package dataset-fashion-mnist; MNIST is left out unless its folder is given.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from compare import HERE, TOOL, row, run

CASES = [("lenet5", "fashion-mnist"), ("mnist-example", "fashion-mnist"), ("lenet5", "mnist")]


def halfwave_accuracy(options, net, data, seed):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "run"
        command = [options.halfwave, "train", net, data, "--seed", str(seed), "--epochs", str(options.epochs),
                   "--out", out]
        if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))}: failed")
        # Not the run's best model, which is chosen by the test images themselves.
        return run([options.halfwave, "evaluate", out / "last.safetensors", data, "--json"])["accuracy"]


def rival_accuracy(options, net, data, seed):
    result = run([options.python, HERE / "rival" / "torch_rival.py", "accuracy", net, "--data", data,
                  "--epochs", str(options.epochs), "--seed", str(seed), "--threads", str(options.threads)])
    return result["test_accuracy"][-1], result["version"]


def percent(shares):
    return f"{100 * statistics.mean(shares):.2f} ({', '.join(f'{100 * share:.2f}' for share in shares)})"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--halfwave", default=TOOL, help="the tool")
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has PyTorch")
    parser.add_argument("--mnist", metavar="FOLDER", help="where MNIST's idx files lie")
    parser.add_argument("--nets", nargs="+", choices={net for net, _ in CASES})
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=2, help="of PyTorch")
    options = parser.parse_args()

    lines, version = [], ""
    for net, name in CASES:
        data = options.mnist if name == "mnist" else name
        if data is None or (options.nets and net not in options.nets):
            continue
        ours, theirs = [], []
        for seed in options.seeds:
            ours.append(halfwave_accuracy(options, net, data, seed))
            accuracy, version = rival_accuracy(options, net, data, seed)
            theirs.append(accuracy)
            print(f"{net} {name}, seed {seed}: {100 * ours[-1]:.2f} and {100 * accuracy:.2f} %", file=sys.stderr, flush=True)
        difference = 100 * (statistics.mean(ours) - statistics.mean(theirs))
        lines.append((net, name, percent(ours), percent(theirs), f"{difference:+.2f}"))

    print(f"Test accuracy in %, mean (each seed), {options.epochs} epochs\n")
    row("Net", "Data", "Halfwave", f"PyTorch {version}", "Difference")
    row(*["---"] * 5)
    for line in lines:
        row(*line)


if __name__ == "__main__":
    main()
