#!/usr/bin/env python3
"""Trains one of Halfwave's nets in PyTorch on the recipe of a run of Halfwave (its config.toml): float32, eager, on the CPU.

  torch_accuracy.py RUN/config.toml       one JSON line: accuracy on the test images after each epoch
  torch_accuracy.py RUN/config.toml --checkpoint FILE     written after each epoch; goes on from it where it is there

Data: fashion-mnist, a folder of idx files, or train/ and test/ with class folders of pictures of one size, which
Pillow decodes. What of a recipe is not written here (see check()) is refused.
"""

import argparse
import gzip
import math
import pathlib
import sys
import time
import tomllib

import numpy as np
import torch
from torch import nn

sys.dont_write_bytecode = True
import measure
import nets

FASHION_MNIST = "/usr/share/datasets/fashion-mnist"  # Debian's package dataset-fashion-mnist


# Data: bytes, N x channels x height x width, and labels


def read_idx(folder, name):
    path = next((path for path in (folder / f"{name}.gz", folder / name) if path.exists()), None)
    if path is None:
        raise SystemExit(f"{folder}: expected {name} or {name}.gz")
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    dims = np.frombuffer(data, ">u4", data[3], 4)
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(dims).copy())


def read_idx_pair(folder, part):
    return read_idx(folder, f"{part}-images-idx3-ubyte")[:, None], read_idx(folder, f"{part}-labels-idx1-ubyte").long()


def read_pictures(folder):
    from PIL import Image

    pictures, labels = [], []
    for label, name in enumerate(sorted(entry.name for entry in folder.iterdir())):
        for path in sorted((folder / name).iterdir()):
            with Image.open(path) as picture:
                pictures.append(np.asarray(picture.convert("RGB")))
            labels.append(label)
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous(), torch.tensor(labels)


def read_data(name):
    folder = pathlib.Path(FASHION_MNIST if name == "fashion-mnist" else name)
    if (folder / "train").is_dir():
        return [read_pictures(folder / part) for part in ("train", "test")]
    return [read_idx_pair(folder, part) for part in ("train", "t10k")]


# The recipe


def check(recipe):
    """Refuses what is not written below."""
    changes = [change for change in recipe["augment"].split(",") if change]
    neutral = {"clip_norm": 0, "balance_classes": False, "average": 0, "patience": 0}
    good = (recipe["optimiser"] == "sgd" and recipe["schedule"] in ("cosine", "one_cycle")
            and all(change == "flip" or change.startswith(("crop=", "cutout=")) for change in changes)
            and all(recipe[key] == value for key, value in neutral.items()))
    if not good:
        raise SystemExit(f"a recipe that is not written in PyTorch here: {recipe}")


def initialise(model):
    """He normal, for the last layer Glorot normal, biases 0; batch norm as PyTorch has it (1 and 0)."""
    weighted = [module for module in model.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    for module in weighted:
        if module is weighted[-1]:
            nn.init.xavier_normal_(module.weight)
        else:
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def make_optimiser(model, recipe):
    """Weight decay on weights alone."""
    weights = [value for value in model.parameters() if value.dim() > 1]
    others = [value for value in model.parameters() if value.dim() == 1]
    return torch.optim.SGD(
        [{"params": weights, "weight_decay": recipe["weight_decay"]}, {"params": others, "weight_decay": 0}],
        recipe["rate"], momentum=recipe["momentum"], nesterov=recipe["nesterov"], fused=True)


def make_schedule(optimiser, recipe, steps):
    if recipe["schedule"] == "one_cycle":
        return torch.optim.lr_scheduler.OneCycleLR(
            optimiser, recipe["rate"], total_steps=steps, pct_start=recipe["warm_up"], cycle_momentum=False)
    warm_up = math.floor(recipe["warm_up"] * steps)

    def factor(step):
        """Linear warm-up, then a cosine to 0. The first step is 0."""
        if step < warm_up:
            return (step + 1) / warm_up
        return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / (steps - warm_up)))

    return torch.optim.lr_scheduler.LambdaLR(optimiser, factor)


def moved(x, by):
    """Each picture moved by up to so many pixels each way."""
    n, channels, height, width = x.shape
    rows, columns = (torch.randint(2 * by + 1, (n, 1)) + torch.arange(side) for side in (height, width))
    padded = nn.functional.pad(x, (by,) * 4)  # 0 is the mean
    return padded[torch.arange(n)[:, None, None, None], torch.arange(channels)[:, None, None],
                  rows[:, None, :, None], columns[:, None, None, :]]


def cut_out(x, side):
    """A square of each picture set to 0, the mean; its middle is anywhere, so that it may stick out."""
    n, _, height, width = x.shape
    rows, columns = ((torch.arange(size) - torch.randint(size, (n, 1)) + side // 2) for size in (height, width))
    inside = [(0 <= place) & (place < side) for place in (rows, columns)]
    return x.masked_fill((inside[0][:, :, None] & inside[1][:, None, :])[:, None], 0)


def augmented(x, augment):
    """x, normalised, with the changes of a recipe, each picture by itself."""
    for name, _, value in (change.partition("=") for change in filter(None, augment.split(","))):
        if name == "flip":
            x = torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(3), x)
        else:
            x = {"crop": moved, "cutout": cut_out}[name](x, int(value))
    return x


def test_accuracy(model, images, labels):
    model.eval()
    with torch.inference_mode():
        batches = zip(images.split(500), labels.split(500))
        right = sum(int((model(x).argmax(1) == y).sum()) for x, y in batches)
    return right / len(labels)


class Checkpoint:
    """All that changes over the epochs, and the random state, in a file; nothing without a path."""

    def __init__(self, path, **parts):
        self.path, self.parts = path, parts

    def load(self):
        """What save() was given, or an empty dict."""
        if self.path is None or not self.path.exists():
            return {}
        saved = torch.load(self.path, weights_only=True)
        for name, part in self.parts.items():
            part.load_state_dict(saved[name])
        torch.set_rng_state(saved["random"])
        return saved["more"]

    def save(self, more):
        if self.path is None:
            return
        states = {name: part.state_dict() for name, part in self.parts.items()}
        beside = self.path.with_suffix(".new")
        torch.save({**states, "random": torch.get_rng_state(), "more": more}, beside)
        beside.replace(self.path)


def train(net, recipe, data, checkpoint_path):
    start = time.perf_counter()
    (images, labels), (test_images, test_labels) = read_data(data)
    if (got := tuple(images.shape[1:])) != nets.input_shape(net):
        raise SystemExit(f"{net}: expected images of {nets.input_shape(net)}, got {got}")
    values = images.double() / 255
    mean, deviation = values.mean((0, 2, 3)), values.std((0, 2, 3), correction=0)
    del values

    def normalised(bytes_):
        centred = (bytes_.float() / 255 - mean.float()[:, None, None]) / deviation.float()[:, None, None]
        return centred.contiguous(memory_format=torch.channels_last)

    images, test_images = normalised(images), normalised(test_images)
    torch.set_num_threads(recipe["threads"])
    torch.manual_seed(recipe["seed"])
    model = nets.make(net)
    initialise(model)
    model = model.to(memory_format=torch.channels_last)
    optimiser, loss = make_optimiser(model, recipe), nn.CrossEntropyLoss(label_smoothing=recipe["label_smoothing"])
    epochs, batch = recipe["epochs"], recipe["batch"]
    schedule = make_schedule(optimiser, recipe, epochs * math.ceil(len(images) / batch))
    checkpoint = Checkpoint(checkpoint_path, model=model, optimiser=optimiser, schedule=schedule)
    before = checkpoint.load()
    accuracies, losses = before.get("accuracies", []), before.get("losses", [])
    start -= before.get("seconds", 0)
    for epoch in range(len(losses), epochs):
        model.train()
        total = 0
        for chosen in torch.randperm(len(images)).split(batch):  # the last one may be smaller
            x = augmented(images[chosen], recipe["augment"]).contiguous(memory_format=torch.channels_last)
            value = loss(model(x), labels[chosen])
            optimiser.zero_grad(set_to_none=True)
            value.backward()
            optimiser.step()
            schedule.step()
            total += value.item() * len(chosen)
        losses.append(total / len(images))
        accuracies.append(test_accuracy(model, test_images, test_labels))
        checkpoint.save({"accuracies": accuracies, "losses": losses, "seconds": time.perf_counter() - start})
        print(f"epoch {epoch + 1}: loss {losses[-1]:.4f}, test {100 * accuracies[-1]:.2f} %, "
              f"{time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    measure.report(
        rival="PyTorch", net=net, data=data, recipe=recipe, mean=mean.tolist(), deviation=deviation.tolist(),
        test_accuracy=accuracies, train_loss=losses, seconds=time.perf_counter() - start,
        version=torch.__version__)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=pathlib.Path)
    parser.add_argument("--checkpoint", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    config = tomllib.loads(options.config.read_text())
    net = tomllib.loads(config["net"])["name"]
    check(config["train"])
    train(net, config["train"], config["data"], options.checkpoint)


if __name__ == "__main__":
    main()
