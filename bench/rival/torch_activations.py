#!/usr/bin/env python3
"""PyTorch beside `halfwave bench activations`: a JSON line for each activation, pass, size and way to call it.

  torch_activations.py [NAME ...] --n 256,16384 --threads 2 --seconds 0.4 [--in-place]

Plain calls, as users write them, with results in tensors that are there already (out=) or in place; backward
passes are the functions that autograd calls, without autograd. Where there are several ways, each has its
line. Timing is as in activation/rival.h.
"""

import argparse
import functools
import itertools
import json
import os
import statistics
import time
import warnings

os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # large pages, as Halfwave's own arrays have

import torch

aten, nn = torch.ops.aten, torch._C._nn  # what torch.nn.functional calls; there out= can be given
call = functools.partial

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543773
WITHOUT_ONEDNN = "without oneDNN"  # a set-up with this in its name is measured so
SLOTS_VALUES = 1 << 12  # in place: so many values together stay in the first level of cache


def into(y, *ways):
    """(setup, call) of each (setup, function, arguments ...), where the call writes to y."""
    return [(setup, call(function, *arguments, out=y)) for setup, function, *arguments in ways]


def sequence(*calls):
    def run():
        for each in calls:
            each()

    return run


def zero():
    return torch.zeros(())


# Each gives, for input x and output y (which may be x), a list of (setup, call).
FORWARD = {
    "linear": lambda x, y: [("copy_", call(y.copy_, x))],
    "relu": lambda x, y: [
        *into(y, ("clamp_min", torch.clamp_min, x, 0), ("threshold", torch.threshold, x, 0, 0)),
        *([] if x is y else [("relu, new tensor", call(torch.relu, x))])],
    "relu6": lambda x, y: into(y, ("hardtanh", nn.hardtanh, x, 0, 6), ("clamp", torch.clamp, x, 0, 6)),
    "leaky_relu": lambda x, y: into(y, ("leaky_relu", nn.leaky_relu, x, 0.01)),
    "thresholded_relu": lambda x, y: into(y, ("threshold", torch.threshold, x, 1, 0)),
    "elu": lambda x, y: into(y, ("elu", nn.elu, x)),
    "selu": lambda x, y: into(y, ("elu", nn.elu, x, SELU_ALPHA, SELU_SCALE)),
    "celu": lambda x, y: into(y, ("elu", nn.elu, x)),  # the same where alpha is 1
    "sigmoid": lambda x, y: into(y, ("sigmoid", torch.sigmoid, x)),
    "log_sigmoid": lambda x, y: into(y, ("log_sigmoid", nn.log_sigmoid, x)),
    "hard_sigmoid": lambda x, y: into(y, ("hardsigmoid", nn.hardsigmoid, x)),
    "tanh": lambda x, y: into(y, ("tanh", torch.tanh, x)),
    "hard_tanh": lambda x, y: into(y, ("hardtanh", nn.hardtanh, x), ("clamp", torch.clamp, x, -1, 1)),
    "softplus": lambda x, y: into(y, ("softplus", nn.softplus, x)),
    "softsign": lambda x, y: softsign(x, y, torch.empty_like(x)),
    "gelu": lambda x, y: into(y, ("gelu", nn.gelu, x), (f"gelu {WITHOUT_ONEDNN}", nn.gelu, x)),
    "gelu_tanh": lambda x, y: [("gelu tanh", call(nn.gelu, x, approximate="tanh", out=y))],
    "silu": lambda x, y: into(y, ("silu", nn.silu, x)),
    "hard_silu": lambda x, y: into(y, ("hardswish", nn.hardswish, x)),
    "mish": lambda x, y: into(y, ("mish", nn.mish, x)),
    "hard_shrink": lambda x, y: into(y, ("hardshrink", torch.hardshrink, x)),
    "soft_shrink": lambda x, y: into(y, ("softshrink", nn.softshrink, x)),
    "tanh_shrink": lambda x, y: tanh_shrink(x, y, torch.empty_like(x)),
    "step": lambda x, y: into(y, ("heaviside", torch.heaviside, x, zero()), ("gt", torch.gt, x, 0)),
    "abs": lambda x, y: into(y, ("abs", torch.abs, x)),
    "square": lambda x, y: into(y, ("square", torch.square, x), ("mul", torch.mul, x, x)),
}

# The functions that work in place, beside out=x above: (setup, call) for x.
IN_PLACE = {
    "relu": lambda x: [("relu_", call(torch.relu_, x)), ("clamp_min_", call(torch.clamp_min_, x, 0))],
    "relu6": lambda x: [("relu6_", call(nn.relu6_, x)), ("clamp_", call(torch.clamp_, x, 0, 6))],
    "leaky_relu": lambda x: [("leaky_relu_", call(nn.leaky_relu_, x, 0.01))],
    "thresholded_relu": lambda x: [("threshold_", call(torch.threshold_, x, 1, 0))],
    "elu": lambda x: [("elu_", call(nn.elu_, x))],
    "selu": lambda x: [("selu_", call(torch.selu_, x))],
    "celu": lambda x: [("celu_", call(torch.celu_, x))],
    "sigmoid": lambda x: [("sigmoid_", call(torch.sigmoid_, x))],
    "hard_sigmoid": lambda x: [("hardsigmoid_", call(nn.hardsigmoid_, x))],
    "tanh": lambda x: [("tanh_", call(torch.tanh_, x))],
    "hard_tanh": lambda x: [("hardtanh_", call(nn.hardtanh_, x)), ("clamp_", call(torch.clamp_, x, -1, 1))],
    "gelu": lambda x: [("gelu_", call(nn.gelu_, x)), (f"gelu_ {WITHOUT_ONEDNN}", call(nn.gelu_, x))],
    "gelu_tanh": lambda x: [("gelu_ tanh", call(nn.gelu_, x, approximate="tanh"))],
    "silu": lambda x: [("silu_", call(nn.silu_, x))],
    "hard_silu": lambda x: [("hardswish_", call(nn.hardswish_, x))],
    "mish": lambda x: [("mish_", call(nn.mish_, x))],
    "abs": lambda x: [("abs_", call(torch.abs_, x))],
    "square": lambda x: [("square_", call(torch.square_, x))],
}


def softsign(x, y, t):
    """As torch.nn.functional.softsign has it: x / (1 + |x|), with a tensor t between."""
    return [("abs, add_, div",
             sequence(call(torch.abs, x, out=t), call(t.add_, 1), call(torch.div, x, t, out=y)))]


def tanh_shrink(x, y, t):
    """As torch.nn.functional.tanhshrink has it: x - tanh(x)."""
    return [("tanh, sub", sequence(call(torch.tanh, x, out=t), call(torch.sub, x, t, out=y)))]


def gradient(dx, *ways):
    """The same as into() for the functions of autograd, which call it grad_input."""
    return [(setup, call(function.grad_input, *arguments, grad_input=dx))
            for setup, function, *arguments in ways]


# Each gives, for input x, output y, gradient dy and dx (which may be dy), a list of (setup, call).
BACKWARD = {
    "linear": lambda x, y, dy, dx: [("copy_", call(dx.copy_, dy))],
    "relu": lambda x, y, dy, dx: gradient(dx, ("threshold_backward", aten.threshold_backward, dy, y, 0)),
    "relu6": lambda x, y, dy, dx: gradient(dx, ("hardtanh_backward", aten.hardtanh_backward, dy, x, 0, 6)),
    "leaky_relu": lambda x, y, dy, dx: gradient(
        dx, ("from x", aten.leaky_relu_backward, dy, x, 0.01, False),
        ("from y", aten.leaky_relu_backward, dy, y, 0.01, True)),
    "thresholded_relu": lambda x, y, dy, dx: gradient(
        dx, ("threshold_backward", aten.threshold_backward, dy, x, 1)),
    "elu": lambda x, y, dy, dx: elu_backward(x, y, dy, dx, 1, 1),
    "selu": lambda x, y, dy, dx: elu_backward(x, y, dy, dx, SELU_ALPHA, SELU_SCALE),
    "celu": lambda x, y, dy, dx: elu_backward(x, y, dy, dx, 1, 1),
    "sigmoid": lambda x, y, dy, dx: gradient(dx, ("sigmoid_backward", aten.sigmoid_backward, dy, y)),
    "log_sigmoid": lambda x, y, dy, dx: gradient(
        dx, ("log_sigmoid_backward", aten.log_sigmoid_backward, dy, x, aten.log_sigmoid_forward(x)[1])),
    "hard_sigmoid": lambda x, y, dy, dx: gradient(
        dx, ("hardsigmoid_backward", aten.hardsigmoid_backward, dy, x)),
    "tanh": lambda x, y, dy, dx: gradient(dx, ("tanh_backward", aten.tanh_backward, dy, y)),
    "hard_tanh": lambda x, y, dy, dx: gradient(
        dx, ("hardtanh_backward", aten.hardtanh_backward, dy, x, -1, 1)),
    "softplus": lambda x, y, dy, dx: gradient(
        dx, ("softplus_backward", aten.softplus_backward, dy, x, 1, 20)),
    "softsign": lambda x, y, dy, dx: softsign_backward(x, dy, dx, torch.empty_like(x)),
    "gelu": lambda x, y, dy, dx: gradient(
        dx, ("gelu_backward", aten.gelu_backward, dy, x),
        (f"gelu_backward {WITHOUT_ONEDNN}", aten.gelu_backward, dy, x)),
    "gelu_tanh": lambda x, y, dy, dx: [
        ("gelu_backward", call(aten.gelu_backward.grad_input, dy, x, approximate="tanh", grad_input=dx))],
    "silu": lambda x, y, dy, dx: gradient(dx, ("silu_backward", aten.silu_backward, dy, x)),
    "hard_silu": lambda x, y, dy, dx: [
        ("hardswish_backward", call(aten.hardswish_backward, dy, x)),
        ("hardswish_backward out", call(aten.hardswish_backward.out, dy, x, out=dx))],
    "mish": lambda x, y, dy, dx: [("mish_backward", call(aten.mish_backward, dy, x))],  # has no out=
    "hard_shrink": lambda x, y, dy, dx: gradient(
        dx, ("hardshrink_backward", aten.hardshrink_backward, dy, x, 0.5)),
    "soft_shrink": lambda x, y, dy, dx: gradient(
        dx, ("softshrink_backward", aten.softshrink_backward, dy, x, 0.5)),
    "tanh_shrink": lambda x, y, dy, dx: tanh_shrink_backward(torch.tanh(x), dy, dx),
    "abs": lambda x, y, dy, dx: abs_backward(x, dy, dx, torch.empty_like(x)),
    "square": lambda x, y, dy, dx: [
        ("mul, mul_", sequence(call(torch.mul, x, dy, out=dx), call(dx.mul_, 2))),
        ("addcmul", call(torch.addcmul, zero(), x, dy, value=2, out=dx))],
}


def elu_backward(x, y, dy, dx, alpha, scale):
    return gradient(dx, ("from x", aten.elu_backward, dy, alpha, scale, 1, False, x),
                    ("from y", aten.elu_backward, dy, alpha, scale, 1, True, y))


def softsign_backward(x, dy, dx, t):
    return [("abs, add_, square_, div",
             sequence(call(torch.abs, x, out=t), call(t.add_, 1), t.square_, call(torch.div, dy, t, out=dx)))]


def tanh_shrink_backward(t, dy, dx):
    """t = tanh(x), which autograd keeps from the forward pass."""
    return [("mul, mul_", sequence(call(torch.mul, dy, t, out=dx), call(dx.mul_, t)))]


def abs_backward(x, dy, dx, t):
    return [("sgn, mul", sequence(call(torch.sgn, x, out=t), call(torch.mul, dy, t, out=dx)))]


def now():
    return time.perf_counter_ns() * 1e-9


def clock_cost():
    return statistics.median(-now() + now() for _ in range(1001))


def measure(calls, refresh, n, seconds):
    """Nanoseconds a value. calls: one, or with refresh() one for each slot that refresh() fills."""
    cost = clock_cost()

    def timed(rounds, count):
        total = 0
        for _ in range(rounds):
            if refresh:
                refresh()
            batch = calls if refresh else itertools.repeat(calls[0], count)
            start = now()
            for each in batch:
                each()
            total += max(now() - start - cost, 0)
        return total

    end, rounds, count = now() + seconds, 1, len(calls)
    while timed(rounds, count) < min(1e-3, seconds / 8) and now() < end:
        rounds, count = (2 * rounds, count) if refresh else (rounds, 2 * count)
    readings = []
    while len(readings) < 3 or now() < end:
        readings.append(timed(rounds, count))
    return statistics.median(readings) / (rounds * count * n) * 1e9


def random_values(n, seed):
    first = torch.randn(min(n, 1 << 20), generator=torch.Generator().manual_seed(seed)) * 2
    return first.repeat(-(-n // len(first)))[:n].clone()


def report(options, name, which, n, in_place, setup, cost):
    line = {"activation": name, "pass": which, "n": n, "threads": options.threads, "in_place": in_place,
            "ns_per_value": cost, "library": "PyTorch", "version": torch.__version__, "setup": setup}
    print(json.dumps(line), flush=True)


def measure_ways(options, name, which, n, slots, fresh, make):
    """make(slot) lists the ways to compute with the tensor `slot`; fresh is what it holds at first."""
    ways = [make(slot) for slot in slots]

    def refresh():
        for slot in slots:
            slot.copy_(fresh)

    for way, (setup, _) in enumerate(ways[0]):
        calls = [each[way][1] for each in ways]
        with torch.backends.mkldnn.flags(enabled=WITHOUT_ONEDNN not in setup):
            cost = measure(calls, refresh if options.in_place else None, n, options.seconds)
        report(options, name, which, n, options.in_place, setup, cost)


def measure_size(options, n):
    x, dy = random_values(n, 1), random_values(n, 2)
    slots = [torch.zeros(n) for _ in range(max(SLOTS_VALUES // n, 1) if options.in_place else 1)]
    cost = measure([call(slots[0].copy_, x)], None, n, options.seconds)
    report(options, "copy", "forward", n, False, "copy_", cost)
    for name in options.names or FORWARD:
        if name not in FORWARD or (name == "linear" and options.in_place):  # there it has nothing to do
            continue

        def forward(slot):
            if options.in_place:
                return FORWARD[name](slot, slot) + IN_PLACE.get(name, lambda _: [])(slot)
            return FORWARD[name](x, slot)

        measure_ways(options, name, "forward", n, slots, x, forward)
        if name in BACKWARD:
            y = torch.empty_like(x)
            FORWARD[name](x, y)[0][1]()
            measure_ways(options, name, "backward", n, slots, dy,
                         lambda slot: BACKWARD[name](x, y, slot if options.in_place else dy, slot))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="activations (default: all)")
    parser.add_argument("--n", default="16384,16777216", help="sizes, with commas between them")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.4, help="for each figure")
    parser.add_argument("--in-place", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    warnings.simplefilter("ignore", UserWarning)  # from the switch of oneDNN, of Intel's GPUs
    with torch.inference_mode():
        for n in map(int, options.n.split(",")):
            measure_size(options, n)


if __name__ == "__main__":
    main()
