"""Holds the one-way order of the folders (design of the house): which folder may include which.

Usage: include_order.py ROOT. Prints each line that breaks the order; exits 1 if there is one.
"""

import pathlib
import re
import sys

DIRECT = {
    "base": [],
    "activation": ["base"],
    "tensor": ["base"],
    "kernel": ["base"],
    "layer": ["tensor", "activation", "kernel"],
    "net": ["layer"],
    "data": ["tensor"],
    "train": ["net", "data"],
    "inspect": ["train"],
    "onnx": ["net"],
    "report": ["inspect"],
    "experiment": ["report"],
    "tool": ["experiment", "onnx"],
}


def reachable(folder):
    seen = {folder}
    todo = [folder]
    while todo:
        for other in DIRECT[todo.pop()]:
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def main():
    root = pathlib.Path(sys.argv[1])
    wrong = []
    for path in sorted((root / "halfwave").rglob("*")):
        if path.suffix not in {".h", ".cc"}:
            continue
        folder = path.relative_to(root / "halfwave").parts[0]
        if folder not in DIRECT:
            wrong.append(f"{path.relative_to(root)}: the folder '{folder}' is not in the order of the house")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            place = f"{path.relative_to(root)}:{number}"
            found = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<(halfwave/[^>]+)>)', line)
            if not found:
                continue
            if found[2] or not found[1].startswith("halfwave/"):
                wrong.append(f'{place}: "{found[1] or found[2]}" should be included as "halfwave/{folder}/..."')
                continue
            included = found[1].split("/")[1]
            if included not in reachable(folder):
                wrong.append(f"{place}: {folder} may not include {included}")
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
