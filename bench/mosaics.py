#!/usr/bin/env python3
"""Makes pictures of 500x375 for bench/reading.py out of small ones: mosaics of 12 pictures of CIFAR, each four times its size.

  VENV/bin/python bench/mosaics.py CIFAR FOLDER [--count 1200]

CIFAR holds train/ with class folders of 32x32 JPEGs. Needs Pillow. The same seed makes the same pictures.
"""

import argparse
import pathlib
import random

from PIL import Image


def mosaic(files):
    picture = Image.new("RGB", (512, 384))
    for top in range(0, 384, 128):
        for left in range(0, 512, 128):
            picture.paste(Image.open(random.choice(files)).resize((128, 128), Image.BICUBIC), (left, top))
    return picture.crop((0, 0, 500, 375))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cifar", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=1200)
    options = parser.parse_args()

    random.seed(1)
    files = sorted(options.cifar.glob("train/*/*.jpg"))
    for i in range(options.count):
        path = options.folder / "train" / "ab"[i % 2] / f"{i}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        mosaic(files).save(path, quality=90)


if __name__ == "__main__":
    main()
