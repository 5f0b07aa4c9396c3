"""PyTorch trains the transformer of shakespeare.py: `with_torch.py JSON`; prints the validation loss as JSON."""

import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F


class Transformer:
    """The weights in the order of the Keras layers, and what they compute."""

    def __init__(self, arrays, heads, epsilon):
        self.weights = [torch.tensor(a, requires_grad=True) for a in arrays]
        self.heads, self.epsilon = heads, epsilon

    def __call__(self, codes, blocks):
        left = iter(self.weights)
        x = F.embedding(codes, next(left)) + next(left)
        for _ in range(blocks):
            x = x + self.attention(self.normalized(x, left), left)
            y = self.normalized(x, left)
            y = F.gelu(y @ next(left) + next(left))
            x = x + y @ next(left) + next(left)
        return self.normalized(x, left) @ next(left) + next(left)

    def normalized(self, x, left):
        return F.layer_norm(x, x.shape[-1:], next(left), next(left), self.epsilon)

    def attention(self, x, left):
        """Kernels are (width, heads, size) for query, key and value, (heads, size, width) for the output."""
        q, k, v = (torch.einsum("bte,ehd->bhtd", x, next(left)) + next(left)[:, None] for _ in range(3))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return torch.einsum("bhtd,hde->bte", y, next(left)) + next(left)


def main():
    given = json.loads(sys.argv[1])
    stored = np.load(given["data"])
    count = sum(name.startswith("weight_") for name in stored)
    model = Transformer([stored[f"weight_{i}"] for i in range(count)], given["heads"], given["epsilon"])
    x, y, x_test, y_test = (torch.tensor(stored[name]).long() for name in ("x", "y", "x_test", "y_test"))
    batch, steps = given["batch"], len(x) // given["batch"]
    adam = torch.optim.Adam(model.weights, eps=1e-7)

    def loss(codes, targets):
        return F.cross_entropy(model(codes, given["blocks"]).flatten(0, 1), targets.flatten())

    for step in range(steps):
        adam.param_groups[0]["lr"] = given["rate"] * (1 + math.cos(math.pi * step / steps)) / 2
        rows = slice(step * batch, (step + 1) * batch)
        adam.zero_grad()
        loss(x[rows], y[rows]).backward()
        adam.step()
    with torch.no_grad():
        total = sum(float(loss(a, b)) * len(a) for a, b in zip(x_test.split(batch), y_test.split(batch), strict=True))
    print(json.dumps({"loss": total / len(x_test)}))


main()
