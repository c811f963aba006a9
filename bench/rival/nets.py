"""The nets that Halfwave is measured with, in PyTorch, layer for layer those of `halfwave nets`.

NAME@SIDE is a net with pictures of another size, as in resnet18@112.
"""

from torch import nn

CLASSES = 10
LARGE_CLASSES = 1000
INPUTS = {  # channels, height, width
    "lenet5": (1, 28, 28),
    "mnist-example": (1, 28, 28),
    "cifar-quick": (3, 32, 32),
    "vgg-small": (3, 32, 32),
    "resnet20": (3, 32, 32),
    "vgg16": (3, 224, 224),
    "resnet18": (3, 224, 224),
}


def input_shape(name):
    net, _, side = name.partition("@")
    channels, height, width = INPUTS[net]
    return (channels, int(side), int(side)) if side else (channels, height, width)


def classes(name):
    return LARGE_CLASSES if name.partition("@")[0] in LARGE else CLASSES


def relu():
    return nn.ReLU(inplace=True)


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), relu(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), relu(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * 5 * 5, 120), relu(), nn.Linear(120, 84), relu(), nn.Linear(84, CLASSES),
    )


def mnist_example():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), relu(), nn.Conv2d(32, 64, 3), relu(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 12 * 12, 128), relu(), nn.Linear(128, CLASSES),
    )


def cifar_quick():
    return nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2), nn.MaxPool2d(3, 2, ceil_mode=True), relu(),
        nn.Conv2d(32, 32, 5, padding=2), relu(), nn.AvgPool2d(3, 2, ceil_mode=True),
        nn.Conv2d(32, 64, 5, padding=2), relu(), nn.AvgPool2d(3, 2, ceil_mode=True),
        nn.Flatten(), nn.Linear(64 * 4 * 4, CLASSES),
    )


def vgg_small():
    layers, inputs = [], 3
    for outputs in (64, 128, 256):
        for _ in range(2):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), relu()]
            inputs = outputs
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(256 * 4 * 4, 256), relu(), nn.Linear(256, CLASSES))


class Block(nn.Module):
    """He et al. 2015, figure 2; where the shape changes the shortcut is a projection (their option B)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), relu(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.relu = relu()

    def forward(self, x):
        return self.relu(self.main(x) + self.shortcut(x))


def resnet20():
    layers, inputs = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), relu()], 16
    for outputs in (16, 32, 64):
        for block in range(3):
            layers.append(Block(inputs, outputs, 2 if block == 0 and outputs != 16 else 1))
            inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, CLASSES))


def vgg16(side):
    layers, inputs = [], 3
    for blocks, outputs in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        for _ in range(blocks):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), relu()]
            inputs = outputs
        layers.append(nn.MaxPool2d(2))
    linear = []
    for inputs in (512 * (side // 32) ** 2, 4096):
        linear += [nn.Linear(inputs, 4096), relu(), nn.Dropout()]
    return nn.Sequential(*layers, nn.Flatten(), *linear, nn.Linear(4096, LARGE_CLASSES))


def resnet18(_):
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), relu(), nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for outputs in (64, 128, 256, 512):
        for block in range(2):
            layers.append(Block(inputs, outputs, 2 if block == 0 and outputs != 64 else 1))
            inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, LARGE_CLASSES))


LARGE = {"vgg16": vgg16, "resnet18": resnet18}


def make(name):
    net = name.partition("@")[0]
    if net in LARGE:
        return LARGE[net](input_shape(name)[1])
    return globals()[net.replace("-", "_")]()
