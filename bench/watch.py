#!/usr/bin/env python3
"""What counting units while training (`halfwave train --watch`, the default) costs beside `--no-watch`.

  python3 bench/watch.py --data fashion-mnist lenet5 mnist-example [--repeats 5] [--epochs 4]
  python3 bench/watch.py --data CIFAR-FOLDER cifar-quick vgg-small resnet20 --epochs 2

Both in turn, whole runs; the seconds of each epoch's training are those of results.csv, without the first epoch, in which
memory is touched for the first time. Medians (lowest-highest) over all epochs, and the median of the ratios of the medians of
two runs that stood beside each other.
"""

import argparse
import csv
import pathlib
import statistics
import subprocess
import tempfile

from timing import TOOL, text


def epoch_seconds(options, net, how):
    with tempfile.TemporaryDirectory() as folder:
        run = pathlib.Path(folder) / "run"
        subprocess.run([str(options.halfwave), "train", net, options.data, "--epochs", str(options.epochs + 1), how,
                        "--out", str(run)], stdout=subprocess.DEVNULL, check=True)
        with open(run / "results.csv", newline="") as file:
            return [float(row["seconds"]) for row in csv.DictReader(file)][1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nets", nargs="+", metavar="NET")
    parser.add_argument("--data", required=True)
    parser.add_argument("--halfwave", default=TOOL, help="the tool")
    parser.add_argument("--repeats", type=int, default=5, help="pairs of runs")
    parser.add_argument("--epochs", type=int, default=4, help="that count, of each run")
    options = parser.parse_args()
    print("| Net | Seconds an epoch, not watched | watched | Ratio |\n| --- | --- | --- | --- |")
    for net in options.nets:
        plain, watched, ratios = [], [], []
        for _ in range(options.repeats):
            without, with_it = epoch_seconds(options, net, "--no-watch"), epoch_seconds(options, net, "--watch")
            plain += without
            watched += with_it
            ratios.append(statistics.median(with_it) / statistics.median(without))
        print(f"| {net} | {text(plain)} | {text(watched)} | {statistics.median(ratios):.3f} "
              f"({min(ratios):.3f}-{max(ratios):.3f}) |", flush=True)


if __name__ == "__main__":
    main()
