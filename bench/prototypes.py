#!/usr/bin/env python3
"""Halfwave's convolution kernels beside prototypes of one shape and one instruction set each, on one core.

  python3 bench/prototypes.py FOLDER [--core 1] [--repeats 3]

FOLDER holds the prototypes, zero_skipping/ and winograd/, which are no part of this project. They are built in a
temporary folder with -march=native, those that skip zeros for 64 images instead of 16, as many as Halfwave's kernels
get. All variants of a prototype run, and the fastest counts; the weights of those that skip zeros are packed
beforehand, Halfwave's in each run of 64 images, as in training. In turn, medians. Prints
GFLOP/s (dense arithmetic by time) and Halfwave's share of the prototype's; a share below 0.9 is marked.
"""

import argparse
import collections
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

COST = pathlib.Path(__file__).resolve().parent.parent / "build/release/bench/convolution_cost"
SHAPES = {  # as the prototypes number them, and as convolution_cost prints them
    "zero_skipping": ["32x32, 64 to 64, 3x3 by 1", "16x16, 64 to 128, 3x3 by 1", "16x16, 128 to 128, 3x3 by 1",
                      "8x8, 256 to 256, 3x3 by 1", "26x26, 32 to 64, 3x3 by 1", "16x16, 32 to 32, 5x5 by 1",
                      "8x8, 32 to 64, 5x5 by 1", "14x14, 6 to 16, 5x5 by 1", "32x32, 16 to 16, 3x3 by 1"],
    "winograd": ["32x32, 64 to 64, 3x3 by 1", "16x16, 64 to 128, 3x3 by 1", "16x16, 128 to 128, 3x3 by 1",
                 "8x8, 256 to 256, 3x3 by 1", "26x26, 32 to 64, 3x3 by 1", "16x16, 32 to 32, 5x5 by 1",
                 "8x8, 32 to 64, 5x5 by 1", "32x32, 16 to 16, 3x3 by 1", "32x32, 3 to 64, 3x3 by 1"],
}
PROGRAMS = {"tfwd": "zero_skipping", "tbww": "zero_skipping", "tsmall": "zero_skipping", "bench": "winograd"}
SWEEP = (0.0, 0.4, 0.5, 0.7, 0.8, 0.85, 0.9)  # zeros, in the columns of tfwd and tbww; one more is clustered
ZEROS = (0.5, 0.7, 0.85)  # those that both sides measure
PASSES = {"fwd": ("forward", "skips x"), "bwd": ("backward-data", "skips dy"),
          "spdy": ("backward-weights", "skips dy"), "spx": ("backward-weights", "skips x"),
          "bwd-d": ("backward-data", None), "bwd-w": ("backward-weights", None)}


def output(options, *command):
    return subprocess.run(["taskset", "-c", str(options.core), *map(str, command)], stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def build(folder, to):
    for program, kind in PROGRAMS.items():
        print(f"building {kind}/{program}", file=sys.stderr)
        source = (folder / kind / f"{program}.cpp").read_text()
        source = source.replace("mk(s,16,b)", "mk(s,64,b)").replace("run(v,s,16,sx", "run(v,s,64,sx")
        subprocess.run(["g++", "-std=c++20", "-O3", "-march=native", "-w", "-I", folder / kind, "-o", to / program,
                        "-x", "c++", "-"], input=source, text=True, check=True)


def sweep_speeds(text, speeds):
    """Lines of tfwd and tbww: shape, pass, variant, a figure for each share of zeros."""
    for line in text.splitlines():
        number, which, _, *figures = line.split()
        for zeros, figure in zip(SWEEP, figures):
            if zeros in ZEROS:
                key = (SHAPES["zero_skipping"][int(number) - 1], *PASSES[which], zeros)
                speeds[key] = max(speeds[key], float(figure))


def winograd_speeds(text, speeds):
    shape = None
    for line in text.splitlines():
        if found := re.match(r"shape (\d+):", line):
            shape = SHAPES["winograd"][int(found[1]) - 1]
        elif found := re.match(r" +F\((\d),(\d)\) +(\S+) +([\d.]+) GF", line):
            outputs, taps, which, figure = found.groups()
            kernel = f"F({outputs}x{outputs}, {taps}x{taps})"
            speeds[shape, PASSES[which][0], kernel, 0.0] = float(figure)


def prototype_speeds(options, folder):
    speeds = collections.defaultdict(float)
    sweep_speeds(output(options, folder / "tfwd", "sweep", os.devnull, 1), speeds)
    sweep_speeds(output(options, folder / "tbww", "sweep", os.devnull, 1), speeds)
    for zeros, figure in re.findall(r"8 bwd small z=(0\.\d+) .* (\d+)\n", output(options, folder / "tsmall")):
        if float(zeros) in ZEROS:
            key = (SHAPES["zero_skipping"][7], *PASSES["bwd"], float(zeros))
            speeds[key] = max(speeds[key], float(figure))
    winograd_speeds(output(options, folder / "bench", "123456789", 64), speeds)
    return speeds


def halfwave_speeds(options):
    text = output(options, options.cost, 3, 1)
    limit = float(re.search(r"([\d.]+) GFLOP/s", text)[1])
    speeds = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if len(cells) == 7 and cells[4].endswith(" %"):
            speeds[cells[1], cells[2], cells[3], float(cells[4][:-2]) / 100] = limit / float(cells[5])
    return speeds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="of the prototypes")
    parser.add_argument("--cost", default=COST, help="Halfwave's program convolution_cost")
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    ours, theirs = collections.defaultdict(list), collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        build(options.folder.resolve(), pathlib.Path(folder))
        for repeat in range(options.repeats):
            print(f"{repeat + 1} of {options.repeats}", file=sys.stderr, flush=True)
            for key, figure in prototype_speeds(options, pathlib.Path(folder)).items():
                theirs[key].append(figure)
            for key, figure in halfwave_speeds(options).items():
                ours[key].append(figure)
    print("| Picture, channels, kernel | Pass | Kernel | Zeros | Prototype | Halfwave | Ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for key in sorted(theirs):
        if key not in ours:
            continue
        shape, which, kernel, zeros = key
        theirs_median, ours_median = statistics.median(theirs[key]), statistics.median(ours[key])
        ratio = ours_median / theirs_median
        share = f"{zeros * 100:.0f} %" if zeros else ""
        print(f"| {shape} | {which} | {kernel} | {share} | {theirs_median:.0f} | {ours_median:.0f} | "
              f"{ratio:.2f}{' !' if ratio < 0.9 else ''} |")


if __name__ == "__main__":
    main()
