"""Layers with a state of their own: LSTM, UNIDIRECTIONAL_SEQUENCE_LSTM, SVDF.

Their states are operands that are variables of the graph: zeros, or what an earlier run left, when a run begins. In
numpy a run begins with the states that it is given and keeps what becomes of them to itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Activation, Attrs, Op, Tensor
from .opdef import Array, NotDifferentiable, OpDef, ShapeError, operand, register
from .rules import Results, activate, ranked

# Positions of an LSTM's inputs; those of gates are followed by the other gates', in this order.
_GATES = _INPUT, _FORGET, _CELL, _OUTPUT = range(4)
_WEIGHTS, _RECURRENT, _PEEPHOLE, _BIAS, _PROJECTION, _HIDDEN, _STATE, _NORM = 1, 5, 9, 12, 16, 18, 19, 20
_EPSILON = np.float32(1e-8)  # tflite/kernels/lstm_eval.cc
_REFUSED = NotDifferentiable("its state outlives a run: train the layer unrolled, as rillet.keras has it", True)


@dataclass
class LSTMAttrs(Attrs):
    fused_activation_function: Activation = Activation.NONE
    cell_clip: float = 0.0
    proj_clip: float = 0.0
    kernel_type: int = 0
    asymmetric_quantize_inputs: bool = False


@dataclass
class UnidirectionalSequenceLSTMAttrs(Attrs):
    fused_activation_function: Activation = Activation.NONE
    cell_clip: float = 0.0
    proj_clip: float = 0.0
    time_major: bool = False
    asymmetric_quantize_inputs: bool = False
    diagonal_recurrent_tensors: bool = False


@dataclass
class SVDFAttrs(Attrs):
    rank: int = 0
    fused_activation_function: Activation = Activation.NONE
    asymmetric_quantize_inputs: bool = False


def _infer_lstm(op: Op) -> Results:
    x, recurrent = operand(op, 0), ranked(op, _RECURRENT + _OUTPUT, 2, "cells, outputs")
    if len(op.inputs) not in (_NORM, _NORM + 4):
        raise ShapeError(f"{op.kind} '{op.where}' has {len(op.inputs)} inputs, not 20 or 24")
    if len(x.shape) not in (2, 3):
        raise ShapeError(f"{op.kind} '{op.where}': input {x.shape} has not 2 or 3 dimensions")
    return [((*x.shape[:-1], recurrent[1]), x.dtype)]


def _clip(values: Array, limit: float) -> Array:
    return np.clip(values, -limit, limit) if limit > 0 else values


def _logistic(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def _gate(arrays: Sequence[Array | None], gate: int, x: Array, hidden: Array, cell: Array) -> Array:
    """A gate's value before its activation."""
    weights, recurrent, bias = (arrays[at + gate] for at in (_WEIGHTS, _RECURRENT, _BIAS))
    assert weights is not None and recurrent is not None and bias is not None
    value = x @ weights.T + hidden @ recurrent.T
    peephole = None if gate == _CELL else arrays[_PEEPHOLE + {_INPUT: 0, _FORGET: 1, _OUTPUT: 2}[gate]]
    if peephole is not None:
        value = value + cell * peephole
    norm = arrays[_NORM + gate] if len(arrays) > _NORM else None
    if norm is None:
        return np.asarray(value + bias)
    centred = value - value.mean(-1, keepdims=True)
    return np.asarray(centred / np.sqrt((centred**2).mean(-1, keepdims=True) + _EPSILON) * norm + bias)


def _step(attrs: LSTMAttrs | UnidirectionalSequenceLSTMAttrs, arrays: Sequence[Array | None], x: Array, hidden: Array,
          cell: Array) -> tuple[Array, Array]:  # fmt: skip
    """The hidden state and the cells after one step."""
    chosen = attrs.fused_activation_function
    forget = _logistic(_gate(arrays, _FORGET, x, hidden, cell))
    is_coupled = arrays[_WEIGHTS] is None
    take = 1 - forget if is_coupled else _logistic(_gate(arrays, _INPUT, x, hidden, cell))
    new = forget * cell + take * activate(_gate(arrays, _CELL, x, hidden, cell), chosen)
    cell = _clip(new, attrs.cell_clip)
    shown = _logistic(_gate(arrays, _OUTPUT, x, hidden, cell)) * activate(cell, chosen)
    projection, bias = arrays[_PROJECTION], arrays[_PROJECTION + 1]
    if projection is not None:
        shown = _clip(shown @ projection.T + (0 if bias is None else bias), attrs.proj_clip)
    return shown, cell


def _compute_lstm(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    attrs = op.attrs
    assert isinstance(attrs, LSTMAttrs | UnidirectionalSequenceLSTMAttrs)
    x, hidden, cell = arrays[0], arrays[_HIDDEN], arrays[_STATE]
    assert x is not None and hidden is not None and cell is not None
    if x.ndim == 2:
        return [_step(attrs, arrays, x, hidden, cell)[0]]
    axis = 0 if getattr(attrs, "time_major", False) else 1
    shown = []
    for now in np.moveaxis(x, axis, 0):
        hidden, cell = _step(attrs, arrays, now, hidden, cell)
        shown.append(hidden)
    return [np.stack(shown, axis)]


def _elements(tensor: Tensor) -> int:
    return math.prod(d or 1 for d in tensor.shape)


def _lstm_macs(op: Op) -> int:
    rows = math.prod(d or 1 for d in operand(op, 0).shape[:-1])
    matrices = [op.inputs[i] for i in (*range(_WEIGHTS, _PEEPHOLE), _PROJECTION)]
    return rows * sum(_elements(t) for t in matrices if t is not None)


def _infer_svdf(op: Op) -> Results:
    x, features, attrs = operand(op, 0), ranked(op, 1, 2, "filters, inputs"), op.attrs
    assert isinstance(attrs, SVDFAttrs)
    if attrs.rank < 1 or (features[0] is not None and features[0] % attrs.rank):
        raise ShapeError(f"SVDF '{op.where}': rank {attrs.rank} does not divide {features[0]} filters")
    return [((x.shape[0], None if features[0] is None else features[0] // attrs.rank), x.dtype)]


def _compute_svdf(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    """Each filter remembers its last products with the input; `times` weighs them."""
    x, features, times, bias, state = arrays
    assert x is not None and features is not None and times is not None and state is not None
    assert isinstance(op.attrs, SVDFAttrs)
    filters, memory = times.shape
    kept = state.reshape(-1, filters, memory)[:, :, 1:]
    products = np.concatenate([kept, (x @ features.T)[:, :, None]], axis=2)
    sums = (products * times).sum(2).reshape(len(x), filters // op.attrs.rank, op.attrs.rank).sum(2)
    return [activate(sums if bias is None else sums + bias, op.attrs.fused_activation_function)]


def _svdf_macs(op: Op) -> int:
    return (operand(op, 0).shape[0] or 1) * sum(_elements(operand(op, i)) for i in (1, 2))


register(OpDef("LSTM", 16, _infer_lstm, _compute_lstm, LSTMAttrs, "LSTMOptions", gradient=_REFUSED, macs=_lstm_macs))
register(
    OpDef(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        44,
        _infer_lstm,
        _compute_lstm,
        UnidirectionalSequenceLSTMAttrs,
        "UnidirectionalSequenceLSTMOptions",
        gradient=_REFUSED,
        macs=_lstm_macs,
    )
)
register(OpDef("SVDF", 27, _infer_svdf, _compute_svdf, SVDFAttrs, "SVDFOptions", gradient=_REFUSED, macs=_svdf_macs))
