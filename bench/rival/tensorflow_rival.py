#!/usr/bin/env python3
"""TensorFlow beside Halfwave: training of the same nets, float32, on the CPU. Prints one JSON line.

  tensorflow_rival.py train NET --batch 64 --threads 2 --seconds 4

The whole step is one graph, with and without XLA; the set-ups below are tried for a moment each and the fastest
is taken; --setup NAME takes that one.
"""

import argparse
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.dont_write_bytecode = True
import measure

SETUPS = ["graph", "graph+xla"]
CLASSES = 10
INPUTS = {  # height, width, channels
    "lenet5": (28, 28, 1),
    "mnist-example": (28, 28, 1),
    "cifar-quick": (32, 32, 3),
    "vgg-small": (32, 32, 3),
    "resnet20": (32, 32, 3),
}


def lenet5(k, x):
    x = k.MaxPooling2D()(k.Conv2D(6, 5, padding="same", activation="relu")(x))
    x = k.MaxPooling2D()(k.Conv2D(16, 5, activation="relu")(x))
    return k.Dense(84, "relu")(k.Dense(120, "relu")(k.Flatten()(x)))


def mnist_example(k, x):
    x = k.Conv2D(64, 3, activation="relu")(k.Conv2D(32, 3, activation="relu")(x))
    return k.Dense(128, "relu")(k.Flatten()(k.MaxPooling2D()(x)))


def cifar_quick(k, x):
    x = k.ReLU()(k.MaxPooling2D(3, 2, padding="same")(k.Conv2D(32, 5, padding="same")(x)))
    for outputs in (32, 64):
        x = k.AveragePooling2D(3, 2, padding="same")(k.Conv2D(outputs, 5, padding="same", activation="relu")(x))
    return k.Flatten()(x)


def vgg_small(k, x):
    for outputs in (64, 128, 256):
        for _ in range(2):
            x = k.Conv2D(outputs, 3, padding="same", activation="relu")(x)
        x = k.MaxPooling2D()(x)
    return k.Dense(256, "relu")(k.Flatten()(x))


def resnet20(k, x):
    def conv(x, outputs, kernel, stride):
        x = k.Conv2D(outputs, kernel, stride, padding="same", use_bias=False)(x)
        return k.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)

    x = k.ReLU()(conv(x, 16, 3, 1))
    for outputs in (16, 32, 64):
        for block in range(3):
            stride = 2 if block == 0 and outputs != 16 else 1
            shortcut = conv(x, outputs, 1, stride) if stride != 1 else x
            y = conv(k.ReLU()(conv(x, outputs, 3, stride)), outputs, 3, 1)
            x = k.ReLU()(k.Add()([y, shortcut]))
    return k.GlobalAveragePooling2D()(x)


def train_rate(net, batch, threads, seconds, setup):
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.random.set_seed(1)
    k = tf.keras.layers
    x = k.Input(INPUTS[net])
    logits = k.Dense(CLASSES)(globals()[net.replace("-", "_")](k, x))
    model = tf.keras.Model(x, logits)
    variables = model.trainable_variables
    velocities = [tf.Variable(tf.zeros_like(v)) for v in variables]
    images = tf.random.normal((batch, *INPUTS[net]))
    labels = tf.random.uniform((batch,), 0, CLASSES, tf.int32)

    # Momentum and weight decay by hand, which costs less than Keras's optimiser.
    @tf.function(jit_compile="xla" in setup)
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images, training=True)))
        for v, velocity, gradient in zip(variables, velocities, tape.gradient(loss, variables)):
            velocity.assign(0.9 * velocity + gradient + 5e-4 * v)
            v.assign_sub(1e-4 * velocity)
        return loss

    return measure.images_per_second(lambda: step().numpy(), batch, seconds)


def version():
    import importlib.metadata

    for package in ("tensorflow", "tensorflow-cpu"):
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    raise SystemExit("TensorFlow is not installed")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["train"])
    parser.add_argument("net", choices=INPUTS)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--trial-seconds", type=float, default=1.5, help="for each set-up, twice")
    parser.add_argument("--setup", choices=SETUPS)
    options = parser.parse_args()

    def rate(setup, seconds=options.trial_seconds):
        return train_rate(options.net, options.batch, options.threads, seconds, setup)

    setup = options.setup or measure.fastest(SETUPS, rate)
    images_per_second = rate(setup, options.seconds)
    measure.report(
        rival="TensorFlow", mode="train", net=options.net, batch=options.batch, threads=options.threads,
        setup=setup, images_per_second=images_per_second, peak_memory_bytes=measure.peak_memory_bytes(),
        version=version())


if __name__ == "__main__":
    main()
