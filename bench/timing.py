"""What the programs share that time whole processes of the tool."""

import pathlib
import statistics
import subprocess
import time

TOOL = pathlib.Path(__file__).resolve().parent.parent / "build/release/halfwave/tool/halfwave"


def seconds(*command):
    """Of a process that must succeed."""
    start = time.perf_counter()
    subprocess.run(list(map(str, command)), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def text(times):
    """Median (lowest-highest)."""
    return f"{statistics.median(times):.2f} ({min(times):.2f}-{max(times):.2f})"
