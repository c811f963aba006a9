#!/usr/bin/env python3
"""Halfwave beside PyTorch (training) and ONNX Runtime (inference): images a second and peak memory.

  python3 bench/compare.py --python VENV/bin/python --repeats 5 [--modes train infer] [--nets lenet5 ...]

One process at a time, Halfwave and the rival in turn. A rival tries its set-ups in its first run and keeps
the fastest. Prints markdown tables; ratios are Halfwave's median by the rival's.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TOOL = HERE.parent / "build/release/halfwave/tool/halfwave"
TRAIN_BATCH = {"lenet5": 64, "mnist-example": 64, "cifar-quick": 128, "vgg-small": 64, "resnet20": 128}
INFER_BATCHES = (1, 64)
RIVALS = {"train": "torch_rival.py", "infer": "ort_rival.py"}


def run(command):
    """The JSON object that the command prints."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
        return json.loads(result.stdout)
    except (OSError, subprocess.CalledProcessError, json.JSONDecodeError) as error:
        raise SystemExit(f"{' '.join(map(str, command))}: {error}") from None


def measure(options, mode, net, batch):
    arguments = [mode, net, "--batch", str(batch), "--threads", str(options.threads),
                 "--seconds", str(options.seconds)]
    rival_command = [options.python, HERE / "rival" / RIVALS[mode], *arguments]
    ours, theirs = [], []
    for repeat in range(options.repeats):
        print(f"{mode} {net} {batch}: {repeat + 1} of {options.repeats}", file=sys.stderr, flush=True)
        ours.append(run([options.halfwave, "bench", *arguments, "--json"]))
        theirs.append(run([*rival_command, *(["--setup", theirs[0]["setup"]] if theirs else [])]))
    return {"mode": mode, "net": net, "batch": batch, "halfwave": ours, "rival": theirs}


def values(runs, key):
    return [one[key] for one in runs]


def speed(runs):
    rates = values(runs, "images_per_second")
    return f"{statistics.median(rates):,.0f} ({min(rates):,.0f}-{max(rates):,.0f})"


def memory(runs):
    return f"{statistics.median(values(runs, 'peak_memory_bytes')) / 1e6:,.0f} MB"


def ratio(case, key):
    ours, theirs = (statistics.median(values(case[who], key)) for who in ("halfwave", "rival"))
    return f"{ours / theirs:.2f}"


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |")


def print_table(cases):
    rival = cases[0]["rival"][0]
    name = f"{rival['rival']} {rival['version']}"
    title = {"train": "Training", "infer": "Inference"}[cases[0]["mode"]]
    print(f"\n{title}, images a second, median (lowest-highest)\n")
    row("Net", "Batch", "Halfwave", name, "Ratio", "Peak memory", f"{rival['rival']}'s", "Ratio", "Set-up")
    row(*["---"] * 9)
    for case in cases:
        row(case["net"], case["batch"], speed(case["halfwave"]), speed(case["rival"]),
            ratio(case, "images_per_second"), memory(case["halfwave"]), memory(case["rival"]),
            ratio(case, "peak_memory_bytes"), case["rival"][0]["setup"])


def cpu():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--halfwave", default=TOOL, help="the tool")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the rivals' packages")
    parser.add_argument("--modes", nargs="+", choices=RIVALS, default=list(RIVALS))
    parser.add_argument("--nets", nargs="+", choices=TRAIN_BATCH, default=list(TRAIN_BATCH))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", metavar="FILE", help="save every run's numbers there")
    options = parser.parse_args()

    print(f"{cpu()}, {os.cpu_count()} cores, {options.threads} threads, float32, {options.repeats} runs of "
          f"{options.seconds:g} s each, load average {os.getloadavg()[0]:.1f} before")
    measured = []
    for mode in options.modes:
        cases = [(net, batch) for net in options.nets
                 for batch in ([TRAIN_BATCH[net]] if mode == "train" else INFER_BATCHES)]
        done = [measure(options, mode, *case) for case in cases]
        print_table(done)
        measured += done
        if options.json:
            summary = {"cpu": cpu(), "threads": options.threads, "cases": measured}
            pathlib.Path(options.json).write_text(json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main()
