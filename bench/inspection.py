#!/usr/bin/env python3
"""What `halfwave inspect` costs beside `halfwave evaluate` on the same images.

  python3 bench/inspection.py RUN... [--repeats 5]

Both in turn, whole processes, seconds: medians (lowest-highest), and the ratio of the medians. Each RUN was trained by
`halfwave train`; its data are looked at.
"""

import argparse
import pathlib
import statistics
import subprocess

from timing import TOOL, seconds, text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--halfwave", default=TOOL, help="the tool")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print("| Run | evaluate | inspect | Ratio |\n| --- | --- | --- | --- |")
    for run in options.runs:
        plain, looked = [], []
        for _ in range(options.repeats):
            plain.append(seconds(options.halfwave, "evaluate", run))
            looked.append(seconds(options.halfwave, "inspect", run))
        ratio = statistics.median(looked) / statistics.median(plain)
        print(f"| {pathlib.Path(run).name} | {text(plain)} | {text(looked)} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
