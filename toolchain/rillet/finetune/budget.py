"""What to train in a given amount of RAM: layers from the last one back, of each as many channels as fit.

Which channels: those where a step of gradient descent lowers the loss most. By first order that is the gradient's
squared norm, so it is summed over labelled samples; without samples the norm of the weights stands in for it. (Lin et
al., "On-Device Training Under 256KB Memory", 2022, choose layers and channels by a search for contribution under the
same kind of limit.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..ir import Op, RilletError
from .channels import SPLITTABLE
from .selection import Parameter

SHARES = (1.0, 0.5, 0.25, 0.125)
RESERVE_BYTES = 8192
"""Of a microcontroller's RAM, for the firmware's stack and variables; `rillet plan --board` says what they take."""

Scores = Mapping[Op, NDArray[np.float64]]
Choice = dict[Op, "LayerChoice"]


class LayerChoice:
    """What trains of a layer: all parameters chosen for it, some output channels, or the bias alone."""

    def __init__(self, channels: Sequence[int] | None = None, bias_only: bool = False) -> None:
        self.channels, self.bias_only = channels, bias_only


def choose(chosen: Sequence[Parameter], scores: Scores, ram: int, arena: Callable[[Choice], int]) -> Choice:
    """The largest choice that fits, layer by layer from the last.

    Args:
        chosen: what may train. scores: contribution of each output channel, for layers of SPLITTABLE.
        ram: bytes, RESERVE_BYTES included. arena: what a choice needs, in bytes.

    Raises:
        RilletError: not even the last layer's bias fits.
    """
    layers = list(dict.fromkeys(p.layer for p in chosen))
    best: Choice = {}
    least = 0
    for layer in reversed(layers):
        parameters = [p for p in chosen if p.layer == layer]
        for option in _options(parameters, scores):
            wanted = {**best, **option}
            least = arena(wanted) + RESERVE_BYTES
            if least <= ram:
                best = wanted
                break
        else:
            break  # what lies before needs even more: the gradient has to pass here
    if not best:
        raise RilletError(
            f"nothing can be trained in {ram:,} bytes of RAM: the least for the last layer is {least:,}, of them "
            f"{RESERVE_BYTES:,} for stack and firmware"
        )
    return best


def _options(parameters: Sequence[Parameter], scores: Scores) -> Iterator[Choice]:
    """From the most to the least."""
    ops = list(dict.fromkeys(p.op for p in parameters))
    for share in SHARES:
        if share == 1.0:
            yield {op: LayerChoice() for op in ops}
            continue
        split = [
            op for op in ops if op.kind in SPLITTABLE and any(p.op is op and p.role == "weights" for p in parameters)
        ]
        if split:
            yield {op: LayerChoice(_best(scores[op], share)) for op in split}
    biased = {p.op: LayerChoice(bias_only=True) for p in parameters if p.role == "bias"}
    if biased:
        yield biased


def _best(scores: NDArray[np.float64], share: float) -> list[int]:
    count = max(1, int(len(scores) * share))
    return sorted(int(c) for c in np.argsort(-scores, kind="stable")[:count])
