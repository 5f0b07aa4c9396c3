"""How much training a channel would help: the squared norm of its gradient, over samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..autodiff import grad
from ..autodiff.copying import copied, copy_graph
from ..flatbuffer import write_bytes
from ..ir import Graph, Model, Op
from ..ops import GradientBuilder
from ..runtime import Plan, Session
from .channels import SPLITTABLE
from .data import Samples
from .float_head import float_head
from .losses import append_loss
from .selection import Parameter

MOST_SAMPLES = 64


def by_weights(chosen: list[Parameter]) -> dict[Op, NDArray[np.float64]]:
    """Without samples: the norm of each output channel's weights."""
    return {p.op: _energy(_real(p)) for p in chosen if p.role == "weights" and p.op.kind in SPLITTABLE}


def by_gradients(graph: Graph, chosen: list[Parameter], loss: str, samples: Samples) -> dict[Op, NDArray[np.float64]]:
    """The mean squared norm of each output channel's gradient over the first samples.

    Args:
        graph: of one input and one output; left as it is. chosen: parameters of it.
    """
    wanted = [p for p in chosen if p.role == "weights" and p.op.kind in SPLITTABLE]
    forward, copies = copy_graph(graph)
    made = dict(zip(graph.ops, forward.ops, strict=True))
    parameters = [Parameter(copied(copies, p.tensor), made[p.op], p.role, p.layer) for p in wanted]
    head, _ = float_head(forward, parameters)
    b = GradientBuilder(forward)
    value = append_loss(b, forward.outputs[0], loss).value
    forward.outputs = []
    gradients = grad(forward, value, [p.tensor for p in head])
    session = Session(Plan(write_bytes(Model([gradients]))))
    totals = [np.zeros(p.tensor.static_shape[0]) for p in wanted]
    count = min(len(samples), MOST_SAMPLES)
    for x, y in zip(samples.x[:count], samples.y[:count], strict=True):
        session.inputs[0][...] = x
        session.inputs[1][...] = y
        session.invoke()
        for total, gradient in zip(totals, session.outputs, strict=True):
            total += _energy(gradient)
    return {p.op: total / count for p, total in zip(wanted, totals, strict=True)}


def _real(parameter: Parameter) -> NDArray[np.float32]:
    tensor = parameter.tensor
    assert tensor.data is not None
    if tensor.quantization is not None:
        return tensor.quantization.dequantize(tensor.data)
    return np.asarray(tensor.data, np.float32)


def _energy(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """The sum of squares of each row."""
    rows = values.astype(np.float64).reshape(len(values), -1)
    sums: NDArray[np.float64] = np.square(rows).sum(axis=1)
    return sums
