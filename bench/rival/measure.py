"""What the rivals share: counting images a second, peak memory, and the choice of a set-up.

The choice runs in children, so that what the tried set-ups leave behind counts neither as time nor as memory.
"""

import json
import multiprocessing
import time


def images_per_second(step, batch, seconds, warm_up=0.5):
    """Calls step() for about `seconds`, after warm_up seconds (and three calls) that do not count."""
    count, start = 0, time.perf_counter()
    while count < 3 or time.perf_counter() - start < warm_up:
        step()
        count += 1
    calls, count, start = max(1, int(count / (time.perf_counter() - start) / 20)), 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        for _ in range(calls):  # about 50 ms between two looks at the clock
            step()
        count += calls
    return batch * count / passed


def peak_memory_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def in_child(function, *arguments):
    """function(*arguments), run in a fork of this process."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(function(*arguments)))
    child.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        raise SystemExit("a trial failed, see above") from None
    finally:
        child.join()


def fastest(setups, rate):
    """The set-up with the highest rate(setup): two rounds over all, the better of each counts."""
    rates = dict.fromkeys(setups, 0)
    for _ in range(2):
        for setup in setups:
            rates[setup] = max(rates[setup], in_child(rate, setup))
    return max(rates, key=rates.get)


def report(**fields):
    print(json.dumps(fields), flush=True)
