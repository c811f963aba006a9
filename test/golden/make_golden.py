#!/usr/bin/env python3
"""Makes the golden files of this folder: what PyTorch computes for single layers and for training runs.

Run it with torch and numpy installed: python make_golden.py [CASE...]; without a case it makes all.
The files here were made with torch 2.15.0 on x86-64. A file is safetensors, written below without a library;
layouts and names are Halfwave's: NHWC, convolution weights O x KH x KW x (C / groups), linear weights over
the flattened NHWC input.

layer_*.safetensors, computed in double, stored as float32 (x, dy and parameters are exact):
  metadata  layers (TOML), input ("[H, W, C]"), mode ("training" or "evaluation")
  x, y      input and output
  dy, dx    training only: gradient of dot(y, dy) for the input, and as "d:<parameter>" for each parameter
  after:*   training only: running statistics after the pass
net_*.safetensors, twenty training steps in float32, as a user of PyTorch gets them:
  metadata  net (TOML), optimiser ("sgd": rate, momentum, weight_decay, nesterov; "adam": rate, beta1, beta2,
            epsilon, weight_decay); weight decay acts on convolution and linear weights alone
  batches   U8 (step, image, H, W, C), x = pixel / 255; labels I32 (step, image)
  losses    mean loss of each step, before its update
  after:*   the values after the last step (running statistics always, the rest where the net is small)
units_*.safetensors, what units put out, counted by NumPy in double and stored as float32:
  x         (image, pixel, unit)
  others    by unit: zero_share, active_share (of images), mean, variance, mean_magnitude, minimum, maximum
"""

import json
import math
import pathlib
import struct
import sys
import tomllib
import zlib

import numpy as np
import torch
import torch.nn.functional as F

FOLDER = pathlib.Path(__file__).resolve().parent
STEPS = 20
DTYPES = {"float32": "F32", "int32": "I32", "uint8": "U8"}


def write(name, metadata, tensors):
    header, blobs, offset = {"__metadata__": metadata}, [], 0
    for key, value in tensors.items():
        array = np.ascontiguousarray(value.detach().numpy() if torch.is_tensor(value) else value)
        array = array.astype(np.float32) if array.dtype == np.float64 else array
        header[key] = {
            "dtype": DTYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        blobs.append(array.tobytes())
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path = FOLDER / f"{name}.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    return path.stat().st_size


# Nets: Halfwave's TOML, read here a second time and run by torch.nn.functional


def pair(value):
    return tuple(value) if isinstance(value, list) else (value, value)


def activation(text):
    name, _, rest = text.partition(":")
    options = {key: float(value) for key, value in (part.split("=") for part in rest.split(",") if part)}
    return {
        "relu": torch.relu,
        "leaky_relu": lambda x: F.leaky_relu(x, options.get("slope", 0.01)),
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
    }[name]


MAIN_DEFAULTS = {"batch_norm": 1e-5, "prelu": 0.25}  # of layers that may be written as a bare string


class Net:
    """Runs a net on values (a dict of tensors in Halfwave's layout); the input and the output are NHWC."""

    def __init__(self, text):
        spec = tomllib.loads(text)
        self.layers, counts = [], {}
        for entry in spec["layers"]:
            entry = {entry: MAIN_DEFAULTS.get(entry)} if isinstance(entry, str) else entry
            kind, main = next(iter(entry.items()))
            kind = spec["activation"] if kind == "activation" else kind
            counts[kind] = counts.get(kind, 0) + 1
            self.layers.append((entry.get("name", f"{kind}{counts[kind]}"), kind, main, entry))

    def run(self, values, x, training, seen=None):
        """seen, if given, is called with the name, kind and NHWC input shape of each layer before it runs."""
        outputs, last = {"input": x.permute(0, 3, 1, 2)}, "input"
        for name, kind, main, options in self.layers:
            source = outputs[options.get("from", last)]
            if seen:
                seen(name, kind, main, options, source.permute(0, 2, 3, 1).shape)
            if kind in ("add", "concat"):
                parts = [outputs[part] for part in main]
                outputs[name] = torch.cat(parts, 1) if kind == "concat" else sum(parts[1:], parts[0])
            else:
                outputs[name] = self.layer(values, name, kind, main, options, source, training)
            last = name
        return outputs[last].permute(0, 2, 3, 1)

    @staticmethod
    def layer(values, name, kind, main, options, x, training):
        get = options.get
        weight, bias = values.get(f"{name}.weight"), values.get(f"{name}.bias")
        if kind == "conv":
            return F.conv2d(x, weight.permute(0, 3, 1, 2), bias, pair(get("stride", 1)), pair(get("pad", 0)),
                            pair(get("dilation", 1)), get("groups", 1))
        if kind == "linear":
            return F.linear(x.permute(0, 2, 3, 1).flatten(1), weight, bias)[:, :, None, None]
        if kind == "max_pool":
            return F.max_pool2d(x, pair(main), pair(get("stride", main)), pair(get("pad", 0)),
                                ceil_mode=get("ceil", False))
        if kind == "avg_pool":
            return F.avg_pool2d(x, pair(main), pair(get("stride", main)), pair(get("pad", 0)),
                                get("ceil", False), get("count_pad", True))
        if kind == "global_avg_pool":
            return F.adaptive_avg_pool2d(x, 1)
        if kind == "batch_norm":
            running = values[f"{name}.running_mean"], values[f"{name}.running_var"]
            return F.batch_norm(x, *running, weight, bias, training, get("momentum", 0.1), main)
        if kind == "local_response_norm":
            return F.local_response_norm(x, main, get("alpha", 1e-4), get("beta", 0.75), get("k", 1.0))
        if kind == "dropout":
            assert not training  # its random numbers are Halfwave's own
            return x
        if kind == "flatten":
            return x.permute(0, 2, 3, 1).flatten(1)[:, :, None, None]
        if kind == "maxout":
            return x.unflatten(1, (-1, main)).amax(2)
        if kind == "prelu":
            return F.prelu(x, weight)
        if kind == "softmax":
            return torch.softmax(x, 1)
        if kind == "log_softmax":
            return torch.log_softmax(x, 1)
        return activation(kind)(x)

    def values(self, shape, random):
        """A float32 value for each parameter and running statistic, from random(name, dims, fan_in)."""
        result = {}

        def seen(name, kind, main, options, x):
            channels = x[3]
            if kind in ("conv", "linear"):
                if kind == "conv":
                    dims = main, *pair(options["kernel"]), channels // options.get("groups", 1)
                else:
                    dims = main, math.prod(x[1:])
                inputs = math.prod(dims[1:])
                result[f"{name}.weight"] = random("weight", dims, inputs)
                if options.get("bias", True):
                    result[f"{name}.bias"] = random("bias", (main,), inputs)
            if kind == "batch_norm":
                for part in ("norm_weight", "bias", "running_mean", "running_var"):
                    result[f"{name}.{part.removeprefix('norm_')}"] = random(part, (channels,), 1)
            if kind == "prelu":
                result[f"{name}.weight"] = random("slope", (channels,), 1)

        # Shapes come from a run in which values are made just before the layer that needs them.
        self.run(result, torch.zeros(1, *shape), training=False, seen=seen)
        return result


def is_running(name):
    return ".running_" in name


def copy(values, dtype):
    return {name: value.detach().to(dtype, copy=True).requires_grad_(not is_running(name))
            for name, value in values.items()}


# Layers: name, images, input, layers, and what differs from the usual (see make_layer)

LAYERS = [
    ("conv_3x3", 2, [6, 7, 4], "{ conv = 8, kernel = 3, pad = 1 }"),
    ("conv_5x5_one_channel", 2, [12, 12, 1], "{ conv = 6, kernel = 5, pad = 2 }"),
    ("conv_6_to_16", 1, [12, 12, 6], "{ conv = 16, kernel = 5 }"),
    ("conv_16_to_32", 1, [6, 6, 16], "{ conv = 32, kernel = 3, pad = 1 }"),
    ("conv_3_to_64", 1, [6, 6, 3], "{ conv = 64, kernel = 3, pad = 1 }"),
    ("conv_5x5_wide", 1, [5, 5, 16], "{ conv = 16, kernel = 5, pad = 2, bias = false }"),
    ("conv_stride_2_odd", 2, [8, 9, 3], "{ conv = 4, kernel = 3, stride = 2 }"),
    ("conv_stride_3_rest", 2, [9, 10, 2], "{ conv = 4, kernel = 2, stride = 3 }"),
    ("conv_dilation_2", 2, [9, 8, 3], "{ conv = 5, kernel = 3, dilation = 2, pad = 2 }"),
    ("conv_groups_2", 2, [6, 5, 6], "{ conv = 8, kernel = 3, pad = 1, groups = 2 }"),
    ("conv_depthwise", 2, [7, 7, 8], "{ conv = 8, kernel = 3, pad = 1, groups = 8 }"),
    ("conv_depthwise_twofold", 1, [7, 6, 4],
     "{ conv = 8, kernel = 3, stride = 2, pad = 1, groups = 4, bias = false }"),
    ("conv_no_bias", 2, [5, 5, 3], "{ conv = 4, kernel = 3, bias = false }"),
    ("conv_1x1", 2, [5, 6, 8], "{ conv = 12, kernel = 1 }"),
    ("conv_1x1_stride_2", 2, [7, 6, 8], "{ conv = 16, kernel = 1, stride = 2, bias = false }"),
    ("conv_not_square", 2, [9, 10, 3],
     "{ conv = 5, kernel = [3, 2], stride = [2, 3], pad = [1, 2], dilation = [1, 2] }"),
    ("conv_row_kernel", 1, [6, 9, 4], "{ conv = 4, kernel = [1, 7], pad = [0, 3] }"),
    ("conv_whole_image", 3, [4, 4, 3], "{ conv = 7, kernel = 4 }"),
    ("conv_wide_pad", 1, [3, 3, 2], "{ conv = 3, kernel = 3, pad = 3 }"),
    ("conv_one_pixel", 1, [1, 1, 5], "{ conv = 3, kernel = 3, pad = 1 }"),
    ("linear", 5, [1, 1, 17], "{ linear = 9 }"),
    ("linear_no_bias", 1, [1, 1, 33], "{ linear = 10, bias = false }"),
    ("linear_of_image", 3, [3, 4, 5], "{ linear = 7 }"),
    ("flatten_linear", 2, [4, 3, 2], '"flatten", { linear = 6 }'),
    ("conv_flatten_linear", 2, [5, 6, 2], '{ conv = 3, kernel = 3 }, "relu", "flatten", { linear = 4 }'),
    ("flatten", 2, [3, 4, 5], '"flatten"'),
    ("max_pool_2", 2, [6, 8, 5], "{ max_pool = 2 }"),
    ("max_pool_2_odd", 1, [5, 7, 3], "{ max_pool = 2 }"),
    ("max_pool_overlapping", 2, [7, 8, 4], "{ max_pool = 3, stride = 2, pad = 1 }"),
    ("max_pool_ceil", 2, [6, 7, 3], "{ max_pool = 3, stride = 2, ceil = true }"),
    ("max_pool_ceil_pad", 1, [6, 6, 3], "{ max_pool = 3, stride = 2, pad = 1, ceil = true }"),
    ("max_pool_ceil_left_out", 1, [6, 6, 2], "{ max_pool = 2, stride = 3, ceil = true }"),
    ("max_pool_not_square", 2, [6, 9, 3], "{ max_pool = [2, 3], stride = [1, 2], pad = [0, 1] }"),
    ("max_pool_gaps", 1, [7, 7, 3], "{ max_pool = 2, stride = 3 }"),
    ("avg_pool_2", 2, [6, 5, 5], "{ avg_pool = 2 }"),
    ("avg_pool_count_pad", 2, [7, 8, 4], "{ avg_pool = 3, stride = 2, pad = 1 }"),
    ("avg_pool_no_pad_count", 2, [7, 8, 4], "{ avg_pool = 3, stride = 2, pad = 1, count_pad = false }"),
    ("avg_pool_ceil", 2, [8, 7, 3], "{ avg_pool = 3, stride = 2, ceil = true }"),
    ("avg_pool_ceil_count_pad", 1, [6, 8, 3], "{ avg_pool = 3, stride = 2, pad = 1, ceil = true }"),
    ("avg_pool_ceil_no_pad_count", 1, [6, 8, 3],
     "{ avg_pool = 3, stride = 2, pad = 1, ceil = true, count_pad = false }"),
    ("avg_pool_not_square", 1, [5, 9, 2], "{ avg_pool = [3, 2], stride = [1, 3], pad = [1, 0] }"),
    ("global_avg_pool", 3, [5, 7, 6], '"global_avg_pool"'),
    ("batch_norm", 4, [5, 6, 7], '"batch_norm"'),
    ("batch_norm_batch_1", 1, [5, 3, 4], '"batch_norm"'),
    ("batch_norm_options", 3, [4, 4, 3], "{ batch_norm = 1e-3, momentum = 0.3 }"),
    ("batch_norm_vectors", 16, [1, 1, 6], '"batch_norm"'),
    ("batch_norm_offset", 4, [4, 4, 3], '"batch_norm"', {"offset": 10}),
    ("batch_norm_evaluation", 2, [5, 6, 7], '"batch_norm"', {"mode": "evaluation"}),
    ("conv_batch_norm_evaluation", 2, [6, 5, 3],
     '{ conv = 6, kernel = 3, pad = 1 }, "batch_norm", "relu"', {"mode": "evaluation"}),
    ("conv_no_bias_batch_norm_evaluation", 1, [6, 5, 3],
     '{ conv = 6, kernel = 3, pad = 1, bias = false }, "batch_norm"', {"mode": "evaluation"}),
    ("conv_batch_norm_relu", 4, [6, 5, 3],
     '{ conv = 6, kernel = 3, pad = 1, bias = false }, "batch_norm", "relu"'),
    ("response_norm_5", 2, [3, 4, 12], "{ local_response_norm = 5, alpha = 0.5 }"),
    ("response_norm_even", 2, [3, 3, 7], "{ local_response_norm = 4, alpha = 0.3, beta = 0.5, k = 2.0 }"),
    ("response_norm_wider_than_channels", 1, [3, 3, 3], "{ local_response_norm = 9, alpha = 1.0 }"),
    ("response_norm_defaults", 1, [3, 3, 16], "{ local_response_norm = 5 }", {"scale": 30}),
    ("dropout_evaluation", 2, [3, 3, 4], "{ dropout = 0.5 }", {"mode": "evaluation"}),
    ("maxout", 2, [3, 5, 8], "{ maxout = 2 }"),
    ("maxout_conv", 2, [5, 5, 2], "{ conv = 6, kernel = 3, pad = 1 }, { maxout = 2 }"),
    ("maxout_linear", 3, [2, 3, 2], "{ linear = 12 }, { maxout = 3 }"),
    ("prelu", 2, [4, 3, 5], '"prelu"'),
    ("prelu_conv", 2, [5, 4, 2], "{ conv = 4, kernel = 3 }, { prelu = 0.1 }"),
    ("softmax", 3, [1, 1, 10], '"softmax"'),
    ("softmax_pixels", 2, [3, 2, 5], '"softmax"'),
    ("log_softmax", 3, [1, 1, 10], '"log_softmax"'),
    ("log_softmax_far", 2, [1, 2, 7], '"log_softmax"', {"scale": 40}),
    ("relu", 2, [3, 5, 7], '"relu"'),
    ("relu_max_pool", 2, [6, 6, 4], '"relu", { max_pool = 2 }'),
    ("relu_max_pool_overlapping", 2, [7, 7, 3], '"relu", { max_pool = 3, stride = 2, ceil = true }'),
    ("max_pool_relu", 2, [6, 6, 4], '{ max_pool = 2 }, "relu"'),
    ("conv_relu_max_pool", 2, [8, 8, 2], '{ conv = 6, kernel = 3 }, "relu", { max_pool = 2 }'),
    ("conv_relu_conv_relu", 2, [8, 7, 2],
     '{ conv = 8, kernel = 3 }, "relu", { conv = 4, kernel = 3, pad = 1 }, "relu"'),
    ("conv_leaky_relu_avg_pool", 2, [7, 7, 2],
     '{ conv = 4, kernel = 3 }, "leaky_relu:slope=0.1", { avg_pool = 2 }'),
    ("linear_tanh_linear", 3, [1, 1, 8],
     '{ linear = 12 }, "tanh", { linear = 4 }, "sigmoid"'),
    ("conv_response_norm_max_pool", 1, [8, 8, 2],
     '{ conv = 8, kernel = 3 }, "relu", { local_response_norm = 5, alpha = 0.5 }, '
     "{ max_pool = 3, stride = 2 }"),
    ("add", 2, [5, 4, 3],
     '{ conv = 4, kernel = 3, pad = 1, name = "a" }, { conv = 4, kernel = 1, from = "input", name = "b" }, '
     '{ add = ["a", "b"] }'),
    ("add_input", 2, [4, 5, 3],
     '{ conv = 3, kernel = 3, pad = 1, name = "a" }, "relu", { conv = 3, kernel = 3, pad = 1, name = "b" }, '
     '{ add = ["b", "input"] }, "relu"'),
    ("add_three", 1, [4, 4, 2],
     '{ conv = 3, kernel = 1, name = "a" }, { conv = 3, kernel = 1, name = "b" }, '
     '{ conv = 3, kernel = 1, name = "c" }, { add = ["a", "b", "c"] }'),
    ("add_strided_shortcut", 2, [6, 7, 4],
     '{ conv = 8, kernel = 3, stride = 2, pad = 1, bias = false }, { batch_norm = 1e-5, name = "main" }, '
     '{ conv = 8, kernel = 1, stride = 2, bias = false, from = "input" }, '
     '{ batch_norm = 1e-5, name = "side" }, { add = ["main", "side"] }, "relu"'),
    ("concat", 2, [4, 5, 3],
     '{ conv = 4, kernel = 3, pad = 1, name = "a" }, { conv = 2, kernel = 1, from = "input", name = "b" }, '
     '{ concat = ["a", "b", "input"] }'),
    ("concat_pools", 1, [6, 6, 3],
     '{ max_pool = 2, name = "a" }, { avg_pool = 2, from = "input", name = "b" }, { concat = ["b", "a"] }, '
     "{ conv = 2, kernel = 1 }"),
]


def distance(value, exact):
    return float((value - exact).abs().max() / exact.abs().max().clamp_min(1e-30))


def make_layer(name, images, shape, layers, special=None):
    special = {"mode": "training", "offset": 0, "scale": 1} | (special or {})
    text, training = f"layers = [{layers}]\n", special["mode"] == "training"
    generator = np.random.default_rng(zlib.crc32(name.encode()))

    def normal(*dims):
        return torch.from_numpy(generator.standard_normal(dims).astype(np.float32))

    def random(kind, dims, fan_in):
        value = normal(*dims)
        return {
            "weight": value * fan_in**-0.5,
            "bias": value * 0.5,
            "norm_weight": 1 + 0.3 * value,
            "running_mean": value * 0.5,
            "running_var": (0.3 * value).exp(),
            "slope": 0.25 + 0.1 * value,
        }[kind]

    net = Net(text)
    x = normal(images, *shape) * special["scale"] + special["offset"]
    values = net.values(shape, random)
    dy = None

    def compute(dtype):
        nonlocal dy
        own, own_x = copy(values, dtype), x.to(dtype, copy=True).requires_grad_()
        y = net.run(own, own_x, training)
        dy = normal(*y.shape) if dy is None else dy
        result = {"y": y.detach()}
        if training:
            trained = [key for key in own if not is_running(key)]
            gradients = torch.autograd.grad(y, [own_x] + [own[key] for key in trained], dy.to(dtype))
            result["dx"] = gradients[0]
            result |= {f"d:{key}": gradient for key, gradient in zip(trained, gradients[1:])}
            result |= {f"after:{key}": own[key].detach() for key in own if is_running(key)}
        return result

    exact, single = compute(torch.float64), compute(torch.float32)
    error = max(distance(single[key], exact[key]) for key in exact)
    # A larger one means a value at a kink or a tie, which the file then must not hold.
    assert error < 2e-5, f"{name}: float32 is {error} away"
    tensors = {"x": x} | ({"dy": dy} if training else {}) | values | exact
    size = write(f"layer_{name}", {"layers": text, "input": str(shape), "mode": special["mode"]}, tensors)
    return size, error


# Nets

LENET5 = """name = "lenet5"
input = [28, 28, 1]
activation = "relu"
layers = [
  { conv = 6, kernel = 5, pad = 2 }, "activation", { max_pool = 2 },
  { conv = 16, kernel = 5 },         "activation", { max_pool = 2 },
  { linear = 120 },                  "activation",
  { linear = 84 },                   "activation",
  { linear = 10 },
]
loss = "softmax_cross_entropy"
"""
BATCH_NORM = """name = "batch_norm"
input = [12, 12, 3]
activation = "relu"
layers = [
  { conv = 8, kernel = 3, pad = 1, bias = false }, "batch_norm", "activation", { max_pool = 2 },
  { conv = 16, kernel = 3, pad = 1 },              "batch_norm", "activation", { max_pool = 2 },
  { linear = 5 },
]
loss = "softmax_cross_entropy"
"""
RESIDUAL = """name = "residual"
input = [12, 12, 3]
activation = "relu"
layers = [
  { conv = 8, kernel = 3, pad = 1, bias = false }, "batch_norm", "activation",
  { max_pool = 3, stride = 2, pad = 1, name = "stem" },
  { conv = 8, kernel = 3, pad = 1, bias = false }, "batch_norm", "activation",
  { conv = 8, kernel = 3, pad = 1, bias = false }, { batch_norm = 1e-5, name = "block1" },
  { add = ["block1", "stem"], name = "sum1" }, "activation",
  { conv = 16, kernel = 3, stride = 2, pad = 1, bias = false }, "batch_norm", "activation",
  { conv = 16, kernel = 3, pad = 1, bias = false }, { batch_norm = 1e-5, name = "block2" },
  { conv = 16, kernel = 1, stride = 2, bias = false, from = "sum1" },
  { batch_norm = 1e-5, name = "shortcut2" },
  { add = ["block2", "shortcut2"] }, "activation",
  "global_avg_pool",
  { linear = 5 },
]
loss = "softmax_cross_entropy"
"""
MLP = """name = "mlp"
input = [8, 8, 1]
activation = "tanh"
layers = [{ linear = 24 }, "activation", { linear = 5 }]
loss = "mean_squared_error"
"""

SGD = {"optimiser": "sgd", "rate": "0.05", "momentum": "0.9", "weight_decay": "5e-4", "nesterov": "false"}
ADAM = {"optimiser": "adam", "rate": "1e-3", "beta1": "0.9", "beta2": "0.999", "epsilon": "1e-8",
        "weight_decay": "0"}

# Name, seed, net, images a step, classes, optimiser. Seeds are chosen so that no value passes so near a kink
# or a tie that rounding decides its side, which a few steps later would be a difference in the second digit.
# The decay is large so that a decay on the wrong values shows in the losses.
NETS = [
    ("lenet5", 9, LENET5, 8, 10, SGD | {"rate": "0.01"}),
    ("batch_norm", 13, BATCH_NORM, 8, 5, SGD | {"rate": "0.005", "weight_decay": "1e-2"}),
    ("residual", 17, RESIDUAL, 8, 5, SGD | {"rate": "0.02", "weight_decay": "1e-2", "nesterov": "true"}),
    ("lenet5_adam", 5, LENET5, 5, 10, ADAM),
    ("mlp_mean_squared_error", 6, MLP, 8, 5, SGD | {"weight_decay": "1e-2", "nesterov": "true"}),
]


def pictures(generator, images, shape, classes):
    """Batches of bytes and their labels: each class has its blobs, moved and lit by chance, under noise."""
    height, width, channels = shape
    rows, columns = np.mgrid[:height, :width]
    blobs = generator.uniform([0.2, 0.2, 0.1], [0.8, 0.8, 0.2], (classes, channels, 3, 3))
    labels = generator.integers(0, classes, (STEPS, images), np.int32)
    batches = np.zeros((STEPS, images, *shape), np.uint8)
    for at in np.ndindex(STEPS, images):
        up, left = generator.uniform(-0.08, 0.08, 2)
        light = generator.uniform(0.6, 1.1)
        for c in range(channels):
            picture = 0
            for y, x, size in blobs[labels[at], c]:
                away = (rows / height - y - up) ** 2 + (columns / width - x - left) ** 2
                picture += np.exp(-away / (2 * size**2))
            noise = generator.normal(0, 0.06, (height, width))
            batches[*at, :, :, c] = np.clip(255 * (light * picture + noise), 0, 255).astype(np.uint8)
    return batches, labels


def make_optimiser(values, options):
    trained = [value for value in values.values() if value.requires_grad]
    decay = float(options["weight_decay"])
    groups = [
        {"params": [value for value in trained if value.dim() > 1], "weight_decay": decay},
        {"params": [value for value in trained if value.dim() == 1], "weight_decay": 0},
    ]
    rate = float(options["rate"])
    if options["optimiser"] == "sgd":
        nesterov = options["nesterov"] == "true"
        return torch.optim.SGD(groups, rate, float(options["momentum"]), nesterov=nesterov)
    return torch.optim.Adam(groups, rate, (float(options["beta1"]), float(options["beta2"])),
                            float(options["epsilon"]))


def train(net, values, batches, labels, classes, options, loss, dtype):
    own = copy(values, dtype)
    optimiser = make_optimiser(own, options)
    losses = []
    for batch, label in zip(torch.from_numpy(batches), torch.from_numpy(labels).long()):
        x = (batch.to(torch.float32) / 255).to(dtype)
        y = net.run(own, x, training=True).flatten(1)
        value = (F.cross_entropy(y, label) if loss == "softmax_cross_entropy"
                 else F.mse_loss(y, F.one_hot(label, classes).to(dtype)))
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        losses.append(value.item())
    return np.array(losses), own


def make_net(name, seed, text, images, classes, options):
    generator = np.random.default_rng(seed)

    def random(kind, dims, fan_in):
        if kind == "weight":  # He et al. 2015
            value = generator.standard_normal(dims) * (2 / fan_in) ** 0.5
            return torch.from_numpy(value.astype(np.float32))
        return torch.ones(dims) if kind in ("norm_weight", "running_var") else torch.zeros(dims)

    spec, net = tomllib.loads(text), Net(text)
    values = net.values(spec["input"], random)
    batches, labels = pictures(generator, images, spec["input"], classes)

    def losses(values, dtype):
        return train(net, values, batches, labels, classes, options, spec["loss"], dtype)

    def shaken():  # all values a little off, as kernels with larger errors would leave them
        def off(value):
            return value * (1 + 1e-5 * torch.from_numpy(generator.standard_normal(value.shape)))

        return losses({key: off(value) for key, value in values.items()}, torch.float64)[0]

    golden, after = losses(values, torch.float32)
    exact, _ = losses(values, torch.float64)
    print(f"  loss {golden[0]:.4f} ... {golden[-1]:.4f}, lowest {golden.min():.4f}")
    for label, others in (("float64", [exact]), ("values 1e-5 off", [shaken() for _ in range(4)])):
        away = np.abs(np.array(others) / golden - 1).max(0)
        print(f"  {label}: {away[0]:.1e} away at first, {away[:5].max():.1e} in 5, {away.max():.1e} in all")
    assert away.max() < 1e-4, f"net_{name}: too chaotic for a golden, take another seed"

    small = sum(value.numel() for value in values.values()) < 5000
    kept = {f"after:{key}": value for key, value in after.items() if small or is_running(key)}
    tensors = {"batches": batches, "labels": labels, "losses": golden.astype(np.float32)} | values | kept
    return write(f"net_{name}", {"net": text} | options, tensors)


UNITS = [("maps", 9, 49, 20), ("narrow_maps", 5, 100, 6), ("vectors", 40, 1, 33)]  # images, pixels, units


def make_units(name, images, pixels, units):
    """Values behind a ReLU whose units lie at different heights: some nearly always 0, the first always."""
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    heights = np.linspace(-3, 3, units)
    x = np.maximum(generator.standard_normal((images, pixels, units)) + heights, 0).astype(np.float32)
    x[:, :, 0] = 0
    values = x.astype(np.float64)
    both = (0, 1)
    return write(f"units_{name}", {}, {
        "x": x, "zero_share": (values == 0).mean(both), "active_share": (values != 0).any(1).mean(0),
        "mean": values.mean(both), "variance": values.var(both), "mean_magnitude": np.abs(values).mean(both),
        "minimum": values.min(both), "maximum": values.max(both)})


def main():
    wanted = set(sys.argv[1:])
    torch.set_num_threads(1)
    total, worst = 0, 0
    for name, *case in LAYERS:
        if not wanted or name in wanted:
            size, error = make_layer(name, *case)
            print(f"layer_{name}: {size} bytes, float32 within {error:.1e} of double")
            total, worst = total + size, max(worst, error)
    for name, *case in NETS:
        if not wanted or name in wanted:
            print(f"net_{name}:")
            size = make_net(name, *case)
            print(f"  {size} bytes")
            total += size
    for name, *case in UNITS:
        if not wanted or name in wanted:
            size = make_units(name, *case)
            print(f"units_{name}: {size} bytes")
            total += size
    print(f"{total} bytes in all, layers within {worst:.1e}, torch {torch.__version__}")


if __name__ == "__main__":
    main()
