"""Equalized channels: the same function in float, and peaks alike where that is free."""

from __future__ import annotations

import numpy as np

from rillet.ir import Activation, Model
from rillet.ops.evaluate import evaluate
from rillet.quantize import copy_model
from rillet.quantize.equalize import equalize_model, tensors_to_equalize
from tests.passes.build import Net, check


def test_function_stays_and_peaks_before_a_depthwise_are_alike() -> None:
    net = Net()
    w = net.floats(6, 1, 1, 3) * np.array([1, 10, 0.1, 3, 1, 0], np.float32)[:, None, None, None]
    x = net.input("x", (1, 6, 6, 3))
    y = net.op(
        "CONV_2D",
        [x, net.constant(w), net.constant(np.zeros(6, np.float32))],
        fused_activation_function=Activation.RELU,
    )
    y = net.depthwise(y, fused_activation_function=Activation.RELU)
    net.output(net.conv(y, 4), "y")
    source = Model([net.graph])
    samples = [{"x": net.floats(1, 6, 6, 3)} for _ in range(4)]
    model = copy_model(source)
    assert equalize_model(model, samples) == 2
    check(model.main)
    for sample in samples:
        before, after = evaluate(net.graph, sample)["y"], evaluate(model.main, sample)["y"]
        np.testing.assert_allclose(after, before, atol=1e-5 * np.abs(before).max())
    first = model.main.ops[0].outputs[0].name
    peaks = np.max([evaluate(model.main, s, every=True)[first].max(axis=(0, 1, 2)) for s in samples], axis=0)
    np.testing.assert_allclose(peaks[:5], peaks.max(), rtol=1e-3)
    assert peaks[5] == 0


def test_what_clips_or_is_read_twice_is_left_alone() -> None:
    net = Net()
    x = net.input("x", (1, 6, 6, 3))
    clipped = net.conv(x, 4, fused_activation_function=Activation.RELU6)
    shared = net.conv(clipped, 4)
    net.output(net.op("ADD", [net.conv(shared, 4), shared]), "y")
    assert tensors_to_equalize(net.graph) == {}
