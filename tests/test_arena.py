"""The runtime's arena: offsets planned beforehand and kept in the file are used where right, ignored where wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rillet.flatbuffer import tensor_order, write_bytes
from rillet.ir import OFFLINE_PLAN, Model, RilletError
from rillet.memory import encode_offline_plan, plan
from rillet.ops import GraphBuilder
from rillet.runtime import Plan

from .zoo import zoo


def branches() -> Model:
    """x -> a -> b, c; concatenation of them: tensors of many sizes, some alive together."""
    b = GraphBuilder()
    x = b.input("x", (1, 300))
    a = b.op("TANH", [x])
    parts = [b.op("LOGISTIC", [a]), b.op("ABS", [a]), b.op("CONCATENATION", [a, x], axis=1)]
    b.output(b.op("RELU", [b.op("CONCATENATION", parts, axis=1)]))
    return Model([b.graph])


def with_offsets(model: Model, shift: int = 0) -> tuple[bytes, dict[int, int], int]:
    """The file with planned offsets, each raised by `shift`; the offsets by tensor index; the planned size."""
    planned = plan(model.main, alignment=64)
    moved = {tensor: offset + shift for tensor, offset in planned.offsets.items()}
    order = tensor_order(model.main)
    model.metadata[OFFLINE_PLAN] = encode_offline_plan(replace(planned, offsets=moved), order)
    indices = {index: moved[tensor] for index, tensor in enumerate(order) if tensor in moved}
    return write_bytes(model), indices, planned.total_bytes


def offsets_of(content: bytes, indices: dict[int, int]) -> dict[int, int | None]:
    prepared = Plan(content, isa="scalar")
    return {index: prepared.tensor(index).arena_offset for index in indices}


def test_planned_offsets_are_used() -> None:
    content, indices, total = with_offsets(branches())
    assert Plan(content, isa="scalar").arena_bytes == total
    assert offsets_of(content, indices) == indices


@pytest.mark.parametrize("shift", [4, 64, 2**30])
def test_bad_or_worse_offsets_are_ignored(shift: int) -> None:
    content, indices, total = with_offsets(branches(), shift)
    prepared = Plan(content, isa="scalar")
    assert prepared.arena_bytes <= total
    assert offsets_of(content, indices) != indices


def test_overlapping_offsets_are_ignored() -> None:
    model = branches()
    planned = plan(model.main, alignment=64)
    order = tensor_order(model.main)
    same_place = replace(planned, offsets=dict.fromkeys(planned.offsets, 0))
    model.metadata[OFFLINE_PLAN] = encode_offline_plan(same_place, order)
    assert Plan(write_bytes(model), isa="scalar").arena_bytes == Plan(write_bytes(branches()), isa="scalar").arena_bytes


def test_arena_of_a_chain_is_the_lower_bound() -> None:
    b = GraphBuilder()
    x = b.input("x", (1, 64, 16))
    for shape in ([1, 1024], [64, 16], [1, 32, 32]):
        x = b.op("LOGISTIC", [b.op("RESHAPE", [x, b.constant(shape)])])
    b.output(x)
    prepared = Plan(write_bytes(Model([b.graph])), isa="scalar")
    assert prepared.arena_bytes == prepared.live_bytes == 4096  # in place all the way
    kept = Plan(write_bytes(Model([b.graph])), isa="scalar", keep_inputs=True)
    assert kept.arena_bytes == 8192
    all_kept = Plan(write_bytes(Model([b.graph])), isa="scalar", keep_all=True)
    assert all_kept.arena_bytes == 4 * 4096


# With threads, results do not overlap inputs; the second number is without.
MLPERF_TINY = {
    "anomaly/ad01_int8.tflite": (768, 768),
    "keyword_spotting/kws_dscnn_int8.tflite": (16000, 11200),
    "visual_wake_words/vww_96_int8.tflite": (55296, 37888),
    "image_classification/resnet8_cifar10_int8.tflite": (32768, 32768),
    "streaming_wakeword/str_ww_int8.tflite": (6656, 4096),
}


@pytest.mark.parametrize(("name", "most"), MLPERF_TINY.items())
def test_mlperf_tiny_models_take_what_is_alive_at_once(name: str, most: tuple[int, int]) -> None:
    path = zoo(f"models/mlperf_tiny/{name}")
    threads, alone = Plan(path, isa="scalar", threads=2), Plan(path, isa="scalar")
    assert threads.live_bytes == most[0] and threads.arena_bytes <= most[0] + threads.scratch_bytes
    assert alone.live_bytes <= alone.arena_bytes <= most[1] + alone.scratch_bytes


def test_no_arena_of_the_zoo_is_above_its_lower_bound_by_more_than_scratch() -> None:
    """With scalar kernels, which need scratch only where an operator quantizes its input, keeps gates (LSTM) or hands
    rows on, and for threads: what results that overlap inputs could take at least is not always to be had."""
    above, exact, planned = {}, 0, 0
    for path in sorted(zoo("models").parent.rglob("*.tflite")):
        try:
            prepared = Plan(path, isa="scalar", alignment=4, threads=2)
        except RilletError:
            continue  # a custom operator, or a shape that only running it shows
        planned += 1
        least = -(-prepared.live_bytes // 4) * 4
        exact += prepared.arena_bytes == least
        if prepared.arena_bytes > least + prepared.scratch_bytes:
            above[path.name] = (prepared.arena_bytes, prepared.live_bytes, prepared.scratch_bytes)
    assert not above
    assert exact >= 0.9 * planned
