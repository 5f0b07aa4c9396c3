"""The jobs on PyTorch; see serve.py. It has no `fit`."""

import numpy as np
import torch
import torch.nn.functional as F
from serve import ADDS, BATCHES, arguments, peak_bytes, serve
from torch import nn

VERSION = torch.__version__


def conv(inputs, outputs, kernel, stride):
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv_1, self.conv_2 = conv(inputs, outputs, 3, stride), conv(outputs, outputs, 3, 1)
        self.norm_1, self.norm_2 = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)
        self.shortcut = conv(inputs, outputs, 1, stride) if stride > 1 else None

    def forward(self, x):
        y = self.norm_2(self.conv_2(F.relu(self.norm_1(self.conv_1(x)))))
        return F.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class ResNet8(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.norm = conv(3, 16, 3, 1), nn.BatchNorm2d(16)
        self.blocks = nn.Sequential(Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2))
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        return self.head(self.blocks(F.relu(self.norm(self.stem(x)))).mean((2, 3)))


def main():
    job, threads = arguments()
    torch.set_num_threads(threads)
    imported = peak_bytes()
    random = np.random.default_rng(0)
    if job in BATCHES:
        model = ResNet8()
        sgd = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
        x = torch.tensor(random.standard_normal((BATCHES[job], 3, 32, 32), np.float32))
        y = torch.tensor(random.integers(0, 10, len(x)))

        def run():
            sgd.zero_grad()
            F.cross_entropy(model(x), y).backward()
            sgd.step()

        serve(run, sum(p.numel() for p in model.parameters()), VERSION, imported)
        return
    a, b = torch.ones(4), torch.ones(4)

    def run():
        for _ in range(ADDS):
            a + b

    serve(run, 0, VERSION, imported, ADDS)


main()
