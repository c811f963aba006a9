#!/usr/bin/env python3
"""Halfwave beside others, images a second and peak memory: training beside PyTorch (float32, and bfloat16 by
autocast) and TensorFlow, inference beside ONNX Runtime and OpenVINO.

  python3 bench/compare.py --python VENV/bin/python --cifar FOLDER [--modes train infer] [--nets lenet5 ...]

Halfwave's speed depends on the zeros in the data, so each net is trained for an epoch first, on Fashion-MNIST or on
CIFAR-10, and measured with what it has learned, on some batches of the same data. --random leaves that out: random
weights, random input, as the rivals get, whose speed does not depend on it. Peak memory is that of a run on random
input on both sides. One process at a time, Halfwave and the rivals in turn. A rival tries its set-ups in its first
run and keeps the fastest; one that is not installed is left out. Prints markdown tables; ratios are Halfwave's median
by the rival's.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOOL = HERE.parent / "build/release/halfwave/tool/halfwave"
TRAIN_BATCH = {"lenet5": 64, "mnist-example": 64, "cifar-quick": 128, "vgg-small": 64, "resnet20": 128}
INFER_BATCHES = (1, 64)
CIFAR_NETS = ("cifar-quick", "vgg-small", "resnet20")
RIVALS = {  # its module, its program and arguments
    "train": {
        "PyTorch": ("torch", ["torch_rival.py"]),
        "TensorFlow": ("tensorflow", ["tensorflow_rival.py"]),
        "PyTorch bf16": ("torch", ["torch_rival.py", "--bf16"]),
    },
    "infer": {"ONNX Runtime": ("onnxruntime", ["ort_rival.py"]), "OpenVINO": ("openvino", ["openvino_rival.py"])},
}
# glibc gives large blocks back to the system after each use, which costs frameworks that allocate in every step up to a
# third of their speed. Rivals are measured with blocks kept; their peak memory is that of a run without it.
KEEP_BLOCKS = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "8589934592",
               "MALLOC_TOP_PAD_": "67108864"}


def run(command, environment=None):
    """The JSON object that the command prints."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | (environment or {})
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
        return json.loads(result.stdout)
    except (OSError, subprocess.CalledProcessError, json.JSONDecodeError) as error:
        raise SystemExit(f"{' '.join(map(str, command))}: {error}") from None


def trained(options, net, folder):
    """Arguments of `halfwave bench` for the net after an epoch of training."""
    data = options.cifar if net in CIFAR_NETS else "fashion-mnist"
    if options.random or data is None:
        return [net]
    out = pathlib.Path(folder) / net
    if not out.exists():
        print(f"training {net} for an epoch on {data}", file=sys.stderr, flush=True)
        command = [options.halfwave, "train", net, data, "--epochs", "1", "--batch", str(TRAIN_BATCH[net]),
                   "--threads", str(options.threads), "--out", out]
        if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))} failed")
    return [out, "--data", data]


def installed(options, mode):
    """The rivals that --python has."""
    found = {}
    for name, (module, program) in RIVALS[mode].items():
        probe = f"import importlib.util, sys; sys.exit(importlib.util.find_spec('{module}') is None)"
        if subprocess.run([options.python, "-c", probe]).returncode == 0:
            found[name] = program
        else:
            print(f"{name} is not installed for {options.python} and is left out", file=sys.stderr)
    return found


def measure(options, mode, net, batch, subject):
    common = ["--batch", str(batch), "--threads", str(options.threads)]
    seconds = ["--seconds", str(options.seconds)]
    bench = [options.halfwave, "bench", mode]
    case = {"mode": mode, "net": net, "batch": batch, "input": "random" if subject == [net] else str(subject[-1]),
            "halfwave": [], "rivals": {}, "rivals_memory_bytes": {}}
    case["halfwave_memory_bytes"] = run([*bench, net, *common, "--seconds", "0.5", "--json"])["peak_memory_bytes"]
    rivals = {name: [options.python, HERE / "rival" / program, mode, net, *arguments, *common]
              for name, (program, *arguments) in installed(options, mode).items()}
    for repeat in range(options.repeats):
        print(f"{mode} {net} {batch}: {repeat + 1} of {options.repeats}", file=sys.stderr, flush=True)
        case["halfwave"].append(run([*bench, *subject, *common, *seconds, "--json"]))
        for name, rival in rivals.items():
            runs = case["rivals"].setdefault(name, [])
            setup = ["--setup", runs[0]["setup"]] if runs else []
            runs.append(run([*rival, *seconds, *setup], KEEP_BLOCKS))
    for name, rival in rivals.items():
        short = ["--seconds", "0.5", "--setup", case["rivals"][name][0]["setup"]]
        case["rivals_memory_bytes"][name] = run([*rival, *short])["peak_memory_bytes"]
    return case


def values(runs, key):
    return [one[key] for one in runs]


def speed(runs):
    rates = values(runs, "images_per_second")
    return f"{statistics.median(rates):,.0f} ({min(rates):,.0f}-{max(rates):,.0f})"


def median(runs, key):
    return statistics.median(values(runs, key))


def megabytes(count):
    return f"{count / 1e6:,.0f} MB"


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |")


def print_table(cases):
    mode = cases[0]["mode"]
    names = [name for name in RIVALS[mode] if name in cases[0]["rivals"]]
    print(f"\n{ {'train': 'Training', 'infer': 'Inference'}[mode]}, images a second, median (lowest-highest)\n")
    versions = [f"{name} {cases[0]['rivals'][name][0]['version']}" for name in names]
    row("Net", "Batch", "Halfwave", *versions, *(f"by {name}" for name in names), "Of the limit")
    row(*["---"] * (4 + 2 * len(names)))
    for case in cases:
        ours = median(case["halfwave"], "images_per_second")
        row(case["net"], case["batch"], speed(case["halfwave"]), *(speed(case["rivals"][name]) for name in names),
            *(f"{ours / median(case['rivals'][name], 'images_per_second'):.2f}" for name in names),
            f"{statistics.median(map(share_of_limit, case['halfwave'])):.2f}")
    print("\nPeak memory, and the rivals' set-ups\n")
    row("Net", "Batch", "Halfwave", *names, *(f"set-up of {name}" for name in names))
    row(*["---"] * (3 + 2 * len(names)))
    for case in cases:
        row(case["net"], case["batch"], megabytes(case["halfwave_memory_bytes"]),
            *(megabytes(case["rivals_memory_bytes"][name]) for name in names),
            *(case["rivals"][name][0]["setup"] for name in names))


def share_of_limit(result):
    """Arithmetic of all products, made or saved, by what the machine could make in that time."""
    work = sum(one["gflops"] * one["microseconds_per_image"] for one in result["passes"] if "gflops" in one)
    return work * 1e-6 * result["images_per_second"] / result["multiply_add_limit_gflops"]


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
    parser.add_argument("--cifar", metavar="FOLDER", help="CIFAR-10, for the nets that take it; else random input")
    parser.add_argument("--random", action="store_true", help="random weights and input for all nets")
    parser.add_argument("--json", metavar="FILE", help="save every run's numbers there")
    options = parser.parse_args()

    print(f"{cpu()}, {os.cpu_count()} cores, {options.threads} threads, {options.repeats} runs of "
          f"{options.seconds:g} s each, load average {os.getloadavg()[0]:.1f} before")
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        for mode in options.modes:
            done = []
            for net in options.nets:
                subject = trained(options, net, folder)
                for batch in [TRAIN_BATCH[net]] if mode == "train" else INFER_BATCHES:
                    done.append(measure(options, mode, net, batch, subject))
            print_table(done)
            measured += done
            if options.json:
                summary = {"cpu": cpu(), "threads": options.threads, "cases": measured}
                pathlib.Path(options.json).write_text(json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main()
