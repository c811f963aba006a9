#!/usr/bin/env python3
"""Makes pictures of 500x375 for bench/reading.py out of larger photographs: parts of them, drawn by a seed.

  VENV/bin/python bench/photo_crops.py FOLDER PHOTOGRAPH.jpg ... [--count 1200]

Good ones are those of scikit-learn (china.jpg, flower.jpg) and scikit-image (rocket.jpg). Needs Pillow.
"""

import argparse
import pathlib
import random

from PIL import Image


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("photograph", nargs="+")
    parser.add_argument("--count", type=int, default=1200)
    options = parser.parse_args()

    random.seed(1)
    photographs = [Image.open(path).convert("RGB") for path in options.photograph]
    for i in range(options.count):
        photograph = photographs[i % len(photographs)]
        left, top = (random.randint(0, most - side) for most, side in zip(photograph.size, (500, 375)))
        path = options.folder / "train" / "ab"[i % 2] / f"{i}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        photograph.crop((left, top, left + 500, top + 375)).save(path, quality=90)


if __name__ == "__main__":
    main()
