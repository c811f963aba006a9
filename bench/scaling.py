#!/usr/bin/env python3
"""How the large nets scale with batch, picture size and threads, beside others: training beside PyTorch, inference
beside ONNX Runtime. Random weights and input, images a second.

  python3 bench/scaling.py --python VENV/bin/python [--nets resnet18 vgg16] [--modes train infer]

The rules of compare.py hold. Prints a markdown table for each mode; the ratio is Halfwave's median by the rival's.
"""

import argparse
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import compare

RIVAL = {"train": "PyTorch", "infer": "ONNX Runtime"}


def definition(options, net, side, folder):
    """A net's TOML with pictures of that size."""
    text = subprocess.run([options.halfwave, "nets", net], stdout=subprocess.PIPE, text=True, check=True).stdout
    text = re.sub(r"input = \[\d+, \d+, ", f"input = [{side}, {side}, ", text[text.index("name = "):])
    file = pathlib.Path(folder) / f"{net}-{side}.toml"
    file.write_text(text)
    return file


def measure(options, mode, net, side, batch, threads, subject):
    """Halfwave's and the rival's runs, in turn."""
    common = ["--batch", str(batch), "--threads", str(threads), "--seconds", str(options.seconds)]
    program, *arguments = compare.RIVALS[mode][RIVAL[mode]][1]
    rival = [options.python, compare.HERE / "rival" / program, mode, f"{net}@{side}", *arguments, *common]
    ours, theirs = [], []
    for _ in range(options.repeats):
        ours.append(compare.run([options.halfwave, "bench", mode, subject, *common, "--json"]))
        setup = ["--setup", theirs[0]["setup"]] if theirs else []
        theirs.append(compare.run([*rival, *setup], compare.KEEP_BLOCKS))
    return ours, theirs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--halfwave", default=compare.TOOL, help="the tool")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the rivals' packages")
    parser.add_argument("--modes", nargs="+", choices=RIVAL, default=list(RIVAL))
    parser.add_argument("--nets", nargs="+", default=["resnet18", "vgg16"])
    parser.add_argument("--sides", nargs="+", type=int, default=[112, 224], help="of the pictures, in pixels")
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 4, 16])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    cases = [(net, side, batch, threads) for net in options.nets for side in options.sides
             for batch in options.batches for threads in options.threads]
    print(f"{compare.cpu()}, {options.repeats} runs of {options.seconds:g} s each")
    with tempfile.TemporaryDirectory() as folder:
        for mode in options.modes:
            print(f"\n{mode}, images a second, median (lowest-highest)\n")
            compare.row("Net", "Side", "Batch", "Threads", "Halfwave", RIVAL[mode], "Ratio", "Set-up")
            compare.row(*["---"] * 8)
            for net, side, batch, threads in cases:
                subject = definition(options, net, side, folder)
                ours, theirs = measure(options, mode, net, side, batch, threads, subject)
                ratio = statistics.median(compare.values(ours, "images_per_second")) / statistics.median(
                    compare.values(theirs, "images_per_second"))
                compare.row(net, side, batch, threads, rate(ours), rate(theirs), f"{ratio:.2f}", theirs[0]["setup"])
                sys.stdout.flush()


def rate(runs):
    """compare.speed() for a few images a second."""
    rates = compare.values(runs, "images_per_second")
    return f"{statistics.median(rates):.1f} ({min(rates):.1f}-{max(rates):.1f})"


if __name__ == "__main__":
    main()
