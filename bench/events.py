"""Reads a run's event files with TensorBoard's own reader and compares them with its results.csv.

Usage: events.py RUN ...   (needs PyPI's tensorboard and numpy)
Every scalar must be that of the table, to its six digits; each tensor has a histogram at each epoch, whose
counts sum to the number of its values; the pictures decode. Prints a line a run; exits 1 where something differs.
"""

import csv
import json
import pathlib
import struct
import sys
import zlib

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def number_of_values(run):
    """By tensor, from the header of the model file."""
    data = (run / "best.safetensors").read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    tensors = json.loads(data[8:8 + size])
    counts = {}
    for name, tensor in tensors.items():
        if name == "__metadata__":
            continue
        count = 1
        for length in tensor["shape"]:
            count *= length
        counts[name] = count
    return counts


def is_png(data):
    """Whole, with the checksum of each of its parts."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        return False
    at, kind = 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if zlib.crc32(data[at + 4:at + 8 + length]) != struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0]:
            return False
        at += 12 + length
    return at == len(data)


def check(run):
    wrong = []
    events = EventAccumulator(str(run / "events"), size_guidance={"scalars": 0, "histograms": 0, "images": 0})
    events.Reload()
    with open(run / "results.csv", encoding="utf-8") as file:
        rows = {int(row["epoch"]): row for row in csv.DictReader(file)}
    tags = events.Tags()
    columns = {"loss/train": "train_loss", "loss/test": "test_loss", "accuracy/train": "train_accuracy",
               "accuracy/test": "test_accuracy", "R2/train": "train_r2", "R2/test": "test_r2", "rate": "rate"}
    compared = 0
    for tag in tags["scalars"]:
        group, _, layer = tag.partition("/")
        column = columns.get(tag) or f"{layer}." + {"zeros": "zeros", "dead units": "dead", "saturated units": "saturated",
                                                    "gradient norm": "gradient"}[group]
        for event in events.Scalars(tag):
            expected = float(rows[event.step][column])
            compared += 1
            if abs(event.value - expected) > 5e-6 * abs(expected) + 5e-7:  # the table has 6 digits, or 6 decimals
                wrong.append(f"{tag} at {event.step}: {event.value}, results.csv has {expected}")
    if {event.step for event in events.Scalars("loss/train")} != set(rows):
        wrong.append("the steps are not the epochs")
    counts = number_of_values(run)
    for tag in tags["histograms"]:
        kind, _, layer = tag.partition("/")
        for event in events.Histograms(tag):
            value = event.histogram_value
            if value.num != counts[f"{layer}.{kind}"] or sum(value.bucket) != value.num:
                wrong.append(f"{tag} at {event.step}: {value.num} values, {sum(value.bucket)} in its bars")
    for tag in tags["images"]:
        for event in events.Images(tag):
            if not is_png(event.encoded_image_string):
                wrong.append(f"{tag} at {event.step} is no picture")
    print(f"{run}: {compared} scalars, {len(tags['histograms'])} histograms and {len(tags['images'])} pictures an epoch, "
          f"{len(wrong)} wrong")
    for line in wrong[:10]:
        print("  " + line)
    return not wrong and compared > 0 and tags["histograms"]


sys.exit(0 if all([check(pathlib.Path(run)) for run in sys.argv[1:]]) else 1)
