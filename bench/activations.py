#!/usr/bin/env python3
"""Halfwave's activations beside the best of its rivals: nanoseconds a value, forward and backward.

  cmake -S bench/rival/activation -B build/rival && cmake --build build/rival
  python3 bench/activations.py --python VENV/bin/python [NAME ...] [--n 256,16384] [--json FILE]
  python3 bench/activations.py --print FILE

One process at a time, all programs in turn, several rounds; the median of the rounds counts. Of the rivals
the fastest counts, whichever library, set-up and number of threads (up to that of the cell) it is. A ratio is
the rival's time by Halfwave's: above 1, Halfwave is faster.
"""

import argparse
import collections
import json
import os
import pathlib
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True
import compare

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
ENOUGH = 1.2  # a ratio below this falls short ...
MEMORY_BOUND = 0.95  # ... unless Halfwave has so much of the fastest copy's speed: memory decides there
PLACES = {"out": "out of place", "in": "in place"}


# Measuring


def programs(options):
    """What is run in turn: name and command."""
    found = {"halfwave": [options.halfwave, "bench", "activations", "--json"],
             "torch": [options.python, HERE / "rival/torch_activations.py"]}
    for folder in options.rivals:
        built = sorted(pathlib.Path(folder).glob("*_activations"))
        if not built:
            raise SystemExit(f"{folder}: no rivals there; see bench/README.md for how to build them")
        found |= {str(program): [program] for program in built}
    return found


def run(command):
    """The objects of the JSON lines that the command prints. Threads spin while they wait, in all programs."""
    environment = {**os.environ, "OMP_WAIT_POLICY": "active"}
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
        return [json.loads(line) for line in result.stdout.splitlines()]
    except (OSError, subprocess.CalledProcessError, json.JSONDecodeError) as error:
        raise SystemExit(f"{' '.join(map(str, command))}: {error}") from None


def measure(options, save):
    measured = {"cpu": compare.cpu(), "cores": os.cpu_count(), "seconds": options.seconds,
                "rounds": options.rounds, "load_before": os.getloadavg()[0], "lines": []}
    version = subprocess.run([options.halfwave, "--version"], stdout=subprocess.PIPE, text=True, check=True)
    ours = {"library": "Halfwave", "version": version.stdout.strip(), "setup": ""}
    for round_number in range(1, options.rounds + 1):
        for threads in options.threads:
            for place in options.place:
                arguments = [*options.names, "--n", options.n, "--threads", str(threads), "--seconds",
                             str(options.seconds), *(["--in-place"] if place == "in" else [])]
                for name, command in programs(options).items():
                    print(f"round {round_number}, {threads} threads, {PLACES[place]}: {name}", file=sys.stderr,
                          flush=True)
                    lines = run([*command, *arguments])
                    measured["lines"] += [{"round": round_number, **ours, **line} for line in lines]
                    save(measured)
    return measured


# Tables

Cell = collections.namedtuple("Cell", "activation which n threads in_place")
Figure = collections.namedtuple("Figure", "ns name")


def figures(lines):
    """For each cell the median over the rounds of each program and set-up: {cell: {(library, setup): ns}}."""
    readings = collections.defaultdict(lambda: collections.defaultdict(list))
    for line in lines:
        cell = Cell(line["activation"], line["pass"], line["n"], line["threads"], line["in_place"])
        name = f"{line['library']} {line['version']}" if line["library"] == "oneDNN" else line["library"]
        readings[cell][name, line["setup"]].append(line["ns_per_value"])
    return {cell: {who: statistics.median(values) for who, values in ways.items()}
            for cell, ways in readings.items()}


def best(medians, cell, but=None):
    """The fastest of all libraries but one, with up to the cell's threads; None where there is none."""
    ways = []
    for threads in range(1, cell.threads + 1):
        for (library, setup), ns in medians.get(cell._replace(threads=threads), {}).items():
            if library != but:
                fewer = f"({threads} of {cell.threads} threads)" if threads < cell.threads else ""
                ways.append(Figure(ns, " ".join(part for part in (library, setup, fewer) if part)))
    return min(ways, default=None)


class Result:
    """What is said of one cell."""

    def __init__(self, medians, cell):
        self.cell = cell
        self.ours = medians[cell]["Halfwave", ""]  # with exactly the cell's threads
        self.rival = best(medians, cell, but="Halfwave")
        self.copy = best(medians, cell._replace(activation="copy", which="forward", in_place=False))

    @property
    def ratio(self):
        return self.rival.ns / self.ours if self.rival else None

    @property
    def of_copy(self):
        """Halfwave's speed by that of the fastest copy, in bytes moved: backward has two arrays to read."""
        bytes_by_copy = 1.5 if self.cell.which == "backward" else 1
        return bytes_by_copy * self.copy.ns / self.ours

    @property
    def memory_decides(self):
        return self.of_copy >= MEMORY_BOUND

    @property
    def falls_short(self):
        return self.ratio is not None and self.ratio < ENOUGH and not self.memory_decides

    def cells(self):
        if not self.rival:
            return f"{self.ours:.3f}", "", "", ""
        return f"{self.ours:.3f}", f"{self.rival.ns:.3f}", self.rival.name, f"{self.ratio:.2f}"


def place(cell):
    return PLACES["in" if cell.in_place else "out"]


def threads_text(count):
    return "1 thread" if count == 1 else f"{count} threads"


def print_tables(measured):
    lines = measured["lines"]
    medians = figures(lines)
    results = [Result(medians, cell) for cell, ways in medians.items()
               if cell.activation != "copy" and ("Halfwave", "") in ways]
    versions = sorted({f"{line['library']} {line['version']}" for line in lines})
    print(f"{measured['cpu']}, {measured['cores']} cores, float32, {measured['rounds']} rounds, "
          f"{measured['seconds']:g} s a figure, load average {measured['load_before']:.1f} before; "
          f"{', '.join(versions)}. Nanoseconds a value.")
    groups = collections.defaultdict(lambda: collections.defaultdict(dict))
    for result in results:
        cell = result.cell
        groups[cell.n, cell.threads, cell.in_place][cell.activation][cell.which] = result
    for rows in groups.values():
        first = next(iter(rows.values()))["forward"]
        print(f"\n### {first.cell.n:,} values, {threads_text(first.cell.threads)}, {place(first.cell)}\n")
        print(f"A memory copy takes {first.copy.ns:.3f} ({first.copy.name}).\n")
        compare.row("Activation", "Forward", "best rival's", "of", "ratio",
                    "Backward", "best rival's", "of", "ratio")
        compare.row(*["---"] * 9)
        for name, passes in rows.items():
            compare.row(name, *passes["forward"].cells(), *passes["backward"].cells())
    compared = [result for result in results if result.rival]
    print_summary(compared)
    print_short(compared)


def print_summary(compared):
    print(f"\n## Summary\n\nCells with a ratio of {ENOUGH} or more, others that have {MEMORY_BOUND} or more of the speed of "
          "a memory copy, and those that fall short; least, median and largest ratio.\n")
    compare.row("Values", "Threads", "", "Pass", "ratio enough", "as a copy", "short", "ratio")
    compare.row(*["---"] * 8)
    groups = collections.defaultdict(list)
    for result in compared:
        groups[result.cell._replace(activation="")].append(result)
    for cell, group in groups.items():
        ratios = sorted(result.ratio for result in group)
        clear = sum(ratio >= ENOUGH for ratio in ratios)
        short = sum(result.falls_short for result in group)
        compare.row(f"{cell.n:,}", cell.threads, place(cell), cell.which, clear, len(group) - clear - short, short,
                    f"{ratios[0]:.2f}, {statistics.median(ratios):.2f}, {ratios[-1]:.2f}")


# Why a cell falls short.
READS_LESS = "the rival does not read the saved array, and so does not keep NaN"
LESS_EXACT = "the rival is less exact"
SAME_METHOD = "the rival's exponential is the same method"
CALL = "the cost of a call; the rival's loop is compiled into its caller"
MEMORY = "loads and stores decide, the rival's as well"
SHORT = 1024  # so few values that the call shows
LIGHT = 1.25  # a pass that takes less than so many times a copy's time in cache has no arithmetic to save


def reason(result, compared, light):
    cell = result.cell
    if (cell.activation in ("linear", "step")) and cell.which == "backward":
        return READS_LESS
    if (cell.activation, cell.which) in light:
        return CALL if cell.n <= SHORT else MEMORY
    if result.rival.name.startswith("XNNPACK"):
        return SAME_METHOD
    if "-ffast-math" in result.rival.name or cell.activation in ("tanh_shrink", "softsign"):
        return LESS_EXACT
    alike = [other.ratio >= ENOUGH for other in compared
             if (other.cell.activation, other.cell.which) == (cell.activation, cell.which)]
    return f"noise, it seems: {sum(alike)} of {len(alike)} cells of this pass reach {ENOUGH}"


def print_short(compared):
    short = [result for result in compared if result.falls_short]
    clear = sum(result.ratio >= ENOUGH for result in compared)
    print(f"\n## Falls short\n\nOf {len(compared)} cells {clear} have a ratio of {ENOUGH} or more, "
          f"{len(compared) - clear - len(short)} others have {MEMORY_BOUND} or more of the speed of a memory "
          f"copy, and {len(short)} fall short. Their ratios:\n")
    in_cache = [result for result in compared if result.cell.n == 1 << 14 and result.cell.threads == 1]
    light = {(result.cell.activation, result.cell.which) for result in in_cache if result.of_copy > 1 / LIGHT}
    settings = sorted({(result.cell.threads, result.cell.in_place) for result in compared})
    rows = collections.defaultdict(dict)
    for result in short:
        cell = result.cell
        why = reason(result, compared, light)
        rows[cell.activation, cell.which, cell.n, why][cell.threads, cell.in_place] = f"{result.ratio:.2f}"
    compare.row("Activation", "Pass", "Values",
                *(f"{threads_text(threads)}, {PLACES['in' if inside else 'out']}" for threads, inside in settings), "Why")
    compare.row(*["---"] * (4 + len(settings)))
    order = {name: index for index, name in enumerate(dict.fromkeys(result.cell.activation for result in compared))}
    for (name, which, n, why), ratios in sorted(
            rows.items(), key=lambda row: (order[row[0][0]], row[0][1] != "forward", row[0][2:])):
        compare.row(name, which, f"{n:,}", *(ratios.get(setting, "") for setting in settings), why)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="activations (default: all)")
    parser.add_argument("--halfwave", default=compare.TOOL, help="the tool")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has PyTorch")
    parser.add_argument("--rivals", nargs="+", default=[ROOT / "build/rival"], metavar="FOLDER",
                        help="where those in C++ were built")
    parser.add_argument("--n", default=",".join(str(1 << bits) for bits in (8, 10, 14, 18, 22, 25)),
                        help="sizes, with commas between them")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--place", nargs="+", choices=["out", "in"], default=["out", "in"],
                        help="results to other arrays, or in place")
    parser.add_argument("--seconds", type=float, default=0.1, help="for each figure")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", metavar="FILE", help="save all lines there, after each program")
    parser.add_argument("--print", metavar="FILE", help="print the tables of a saved file instead")
    options = parser.parse_args()

    if options.print:
        measured = json.loads(pathlib.Path(options.print).read_text())
    else:
        def save(measured):
            if options.json:
                pathlib.Path(options.json).write_text(json.dumps(measured, indent=0) + "\n")

        measured = measure(options, save)
    print_tables(measured)


if __name__ == "__main__":
    main()
