"""AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D over NHWC; padding takes no part in any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..ir import Activation, Op, Padding, Tensor
from .gradient import GradientBuilder, Gradients, activated, activation_gradient, single
from .opdef import Array, OpDef, QuantRule, operand, register
from .pool_attrs import Pool2DAttrs, geometry
from .rules import Results, activate, present, ranked, versions
from .window import output_extent, windows


def _infer(op: Op) -> Results:
    x, a = operand(op, 0), op.attrs
    assert isinstance(a, Pool2DAttrs)
    n, rows, columns, channels = ranked(op, 0, 4, "batch, height, width, channels")
    height = output_extent(rows, a.filter_height, a.stride_h, 1, a.padding)
    width = output_extent(columns, a.filter_width, a.stride_w, 1, a.padding)
    return [((n, height, width, channels), x.dtype)]


def _patches(op: Op, x: Array, fill: float) -> Array:
    a = op.attrs
    assert isinstance(a, Pool2DAttrs)
    return windows(x, (a.filter_height, a.filter_width), (a.stride_h, a.stride_w), (1, 1), a.padding, fill)


def _reduce(op: Op, x: Array, fill: float, function: np.ufunc) -> Array:
    """Folds the window one filter position at a time: a few large additions instead of many tiny ones."""
    patches = _patches(op, x, fill)
    result = patches[:, :, :, 0, 0].copy()
    for y in range(patches.shape[3]):
        for z in range(patches.shape[4]):
            if y or z:
                function(result, patches[:, :, :, y, z], out=result)
    return result


def _mean(op: Op, x: Array) -> Array:
    a = op.attrs
    assert isinstance(a, Pool2DAttrs)
    if a.padding is Padding.VALID and x.shape[1:3] == (a.filter_height, a.filter_width):
        return np.asarray(x.mean(axis=(1, 2), keepdims=True))
    valid = np.ones((1, *x.shape[1:3], 1), x.dtype)
    return _reduce(op, x, 0.0, np.add) / _reduce(op, valid, 0.0, np.add)


def _max(op: Op, x: Array) -> Array:
    return _reduce(op, x, -np.inf, np.maximum)


def _l2(op: Op, x: Array) -> Array:
    return np.sqrt(_mean(op, np.square(x)))


def _computing(function: Callable[[Op, Array], Array]) -> Callable[[Op, Sequence[Array | None]], list[Array]]:
    def compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
        assert isinstance(op.attrs, Pool2DAttrs)
        return [activate(function(op, present(arrays)[0]), op.attrs.fused_activation_function)]

    return compute


def _average_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    x = operand(op, 0)
    dx = b.op("rillet.AVERAGE_POOL_2D_GRADIENT", [dy, b.shape(x)], **geometry(op.attrs))
    return [b.shaped(dx, x.shape)]


def _plain_output(b: GradientBuilder, op: Op, is_kept: bool) -> Tensor:
    """The output before the fused activation: the output itself where `is_kept`, else pooled again."""
    return op.outputs[0] if is_kept else b.op(op.kind, [operand(op, 0)], **geometry(op.attrs))


def _max_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """Reads the output to find its source. A clamp changes outputs only where it also stops the gradient."""
    x, a = operand(op, 0), op.attrs
    assert isinstance(a, Pool2DAttrs)
    activation = Activation(a.fused_activation_function)
    if activation is not Activation.NONE:
        dy = activation_gradient(b, activation, op.outputs[0], dy)
    y = _plain_output(b, op, activation is not Activation.TANH)
    return [b.op("rillet.MAX_POOL_2D_GRADIENT", [x, y, dy], **geometry(a))]


def _l2_gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
    """y = sqrt(mean x^2), so dx = x times the average's gradient of dy / y; 0 where y is."""
    x, a = operand(op, 0), op.attrs
    assert isinstance(a, Pool2DAttrs)
    y = _plain_output(b, op, a.fused_activation_function is Activation.NONE)
    is_positive = b.compare("GREATER", y, 0.0)
    share = b.where(is_positive, b.div(dy, b.where(is_positive, y, 1.0)), 0.0)
    spread = b.op("rillet.AVERAGE_POOL_2D_GRADIENT", [share, b.shape(x)], **geometry(a))
    return [b.mul(x, b.shaped(spread, x.shape))]


register(
    OpDef(
        kind="AVERAGE_POOL_2D",
        code=1,
        options="Pool2DOptions",
        attrs=Pool2DAttrs,
        infer=_infer,
        compute=_computing(_mean),
        gradient=activated(single(_average_gradient)),
        quant=QuantRule(same_scale=True),
        version=versions(int8=2, int16=3),
        keras="AveragePooling2D",
    )
)
register(
    OpDef(
        kind="MAX_POOL_2D",
        code=17,
        options="Pool2DOptions",
        attrs=Pool2DAttrs,
        infer=_infer,
        compute=_computing(_max),
        gradient=single(_max_gradient),
        quant=QuantRule(same_scale=True),
        version=versions(int8=2, int16=3),
        keras="MaxPooling2D",
    )
)
register(
    OpDef(
        kind="L2_POOL_2D",
        code=12,
        options="Pool2DOptions",
        attrs=Pool2DAttrs,
        infer=_infer,
        compute=_computing(_l2),
        gradient=activated(single(_l2_gradient)),
    )
)
