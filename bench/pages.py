#!/usr/bin/env python3
"""Seconds that `halfwave report` takes and the size of its page; seconds of `halfwave maps` for the first test picture.

  python3 bench/pages.py RUN... [--repeats 5]

Whole processes, medians (lowest-highest). Each RUN was trained by `halfwave train` on pictures; its data are looked at.
"""

import argparse
import pathlib
import subprocess
import tempfile
import tomllib

from timing import TOOL, seconds, text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--halfwave", default=TOOL, help="the tool")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print("| Run | report, s | page, KB | maps, s |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        for run in options.runs:
            data = tomllib.loads((pathlib.Path(run) / "config.toml").read_text())["data"]
            subprocess.run([options.halfwave, "export", data, folder / "pictures", "--count", "1"], check=True,
                           stdout=subprocess.DEVNULL)
            picture = next((folder / "pictures").iterdir())
            report, maps = [], []
            for _ in range(options.repeats):
                report.append(seconds(options.halfwave, "report", run, "--out", folder / "page.html"))
                maps.append(seconds(options.halfwave, "maps", run, picture, "--out", folder / "maps.svg"))
            size = (folder / "page.html").stat().st_size / 1000
            print(f"| {pathlib.Path(run).name} | {text(report)} | {size:.0f} | {text(maps)} |", flush=True)


if __name__ == "__main__":
    main()
