"""Layers in patches: the same bits, and what the model of their cost promised."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rillet.flatbuffer import read, write_bytes
from rillet.ir import Activation, Model, Padding, RilletError, Tensor, verify
from rillet.ops.macs import count_macs
from rillet.passes.patch_cost import patch_costs
from rillet.passes.patches import Patch, can_patch, cut_points, patched
from rillet.quantize import quantize_model

from .build import Net

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import Plan, Session, cpu_isa

SEEDS = 12


def network(seed: int) -> Model:
    """Convolutions of random sizes and strides with shortcuts and pools between, then a classifier; int8."""
    net = Net(seed)
    rng = net.random
    height, width = (int(n) for n in rng.integers(13, 33, 2))
    x = net.input("image", (1, height, width, 3))
    y = net.conv(x, 8, fused_activation_function=Activation.RELU, stride_h=2, stride_w=int(rng.integers(1, 3)))
    for _ in range(4):
        y = _block(net, y, int(rng.integers(0, 6)))
    y = net.op("MEAN", [y, net.constant(np.array([1, 2], np.int32))])
    net.output(net.op("FULLY_CONNECTED", [y, net.weights(5, int(y.shape[-1] or 0)), net.weights(5)]), "scores")
    samples = rng.normal(size=(4, 1, height, width, 3)).astype(np.float32)
    return quantize_model(Model([net.graph]), calibration=[[s] for s in samples], rounding="nearest").model


def _block(net: Net, x: Tensor, kind: int) -> Tensor:
    rng, channels = net.random, int(x.shape[-1] or 0)
    if kind == 0 or min(int(n or 0) for n in x.shape[1:3]) < 5:  # an inverted residual
        y = net.conv(x, 2 * channels, 1, fused_activation_function=Activation.RELU6)
        y = net.depthwise(y, int(rng.choice([3, 5])), fused_activation_function=Activation.RELU6)
        return net.op("ADD", [net.conv(y, channels, 1), x])
    if kind == 1:
        stride = int(rng.integers(1, 3))
        return net.depthwise(x, 3, stride_h=stride, stride_w=stride)
    if kind == 2:  # as PyTorch pads
        y = net.op("PAD", [x, net.constant(np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))])
        return net.conv(y, channels + 4, 3, padding=Padding.VALID, stride_h=2, stride_w=2)
    if kind == 3:
        return net.op(
            "MAX_POOL_2D", [x], padding=Padding.VALID, filter_height=2, filter_width=2, stride_h=1, stride_w=1
        )
    if kind == 4:
        return net.op("CONCATENATION", [net.conv(x, 4, 3), net.conv(x, 4, 1)], axis=3)
    return net.conv(x, channels, 3, padding=Padding.VALID, fused_activation_function=Activation.RELU)


def outputs(data: bytes, isa: str) -> list[Any]:
    session = Session(Plan(data, isa=isa))
    rng = np.random.default_rng(7)
    for view in session.inputs:
        view[...] = rng.integers(-128, 128, view.shape)
    session.invoke()
    return [np.array(view) for view in session.outputs]


def stretches(model: Model) -> list[tuple[int, int]]:
    cuts = cut_points(model.main)
    pairs = ((a, b) for i, a in enumerate(cuts) for b in cuts[i + 1 :])
    return [(a.position, b.position) for a, b in pairs if can_patch(model.main, a, b)]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_patches_give_the_same_bits(seed: int) -> None:
    data = write_bytes(network(seed))
    rng = np.random.default_rng(seed)
    choices = stretches(read(data))
    assert choices
    for first, last in (choices[i] for i in rng.choice(len(choices), 4)):
        rows, columns = int(rng.integers(1, 5)), int(rng.integers(1, 5))
        try:
            made = patched(read(data), [Patch(first, last, rows, columns)])
        except RilletError:
            continue  # fewer rows than patches
        verify(made.main)
        content = write_bytes(made)
        for isa in ("scalar", ",".join(cpu_isa())):
            np.testing.assert_array_equal(
                outputs(content, isa)[0], outputs(data, isa)[0], err_msg=f"{first} {last} {isa}"
            )


@pytest.mark.parametrize("seed", range(4))
def test_the_cost_is_what_the_rewritten_model_has(seed: int) -> None:
    data = write_bytes(network(seed))
    model = read(data)
    cuts = {cut.position: cut for cut in cut_points(model.main)}
    first, last = max(stretches(model), key=lambda s: s[1] - s[0])
    costs = patch_costs(model.main, list(cuts.values()), cuts[last], 2)
    cost = next(c for c in costs if c.patch == Patch(first, last, 2, 2))
    made = patched(read(data), [cost.patch])

    def macs(of: Model) -> int:
        return sum(count_macs(op) or 0 for op in of.main.ops)

    assert macs(made) == macs(model) + cost.extra_macs
    assert cost.extra_macs >= 0


def test_patches_share_their_weights() -> None:
    net = Net(0)
    x = net.input("image", (1, 32, 32, 8))
    y = net.conv(net.conv(x, 64), 64)
    net.output(y, "y")
    samples = [[net.floats(1, 32, 32, 8)] for _ in range(2)]
    data = write_bytes(quantize_model(Model([net.graph]), calibration=samples, rounding="nearest").model)
    made = write_bytes(patched(read(data), [Patch(0, 2, 4, 4)]))
    for isa in ("scalar", "scalar,dsp", "scalar,dsp,mve"):
        # For two threads: one lets results overlap inputs, which here saves as much without patches.
        before, after = (Plan(d, isa=isa, self_contained=True, threads=2) for d in (data, made))
        assert len(after.image) < len(before.image) + 300 * len(after.steps), isa
        assert after.arena_bytes < 0.7 * before.arena_bytes


def test_what_cannot_be_split_is_refused() -> None:
    model = network(0)
    with pytest.raises(RilletError, match="cannot run patch by patch"):
        patched(model, [Patch(0, len(model.main.ops), 2, 2)])  # the classifier has no image
    first, last = stretches(model)[0]
    with pytest.raises(RilletError, match="too few for the patches"):
        patched(model, [Patch(first, last, 1000, 1)])
