"""Shape rules refuse wrong operands and attributes in words, never by an accident of Python."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import zlib
from typing import Any

import numpy as np
import pytest

from rillet.ir import Attrs, Op, RilletError, Tensor
from rillet.ops import opdef

from . import harness
from .case import Case

_DIMS = (0, 1, 2, 3, 5, None)
_NUMBERS = (-(2**31), -7, -1, 0, 1, 2, 5, 2**31 - 1)
CASES = list(harness.collect())


def _changed_attrs(rng: random.Random, attrs: Attrs) -> Attrs:
    changes: dict[str, Any] = {}
    for each in dataclasses.fields(attrs):
        value = getattr(attrs, each.name)
        if type(value) is int and rng.random() < 0.5:
            changes[each.name] = rng.choice(_NUMBERS)
        elif type(value) is bool and rng.random() < 0.5:
            changes[each.name] = rng.random() < 0.5
        elif type(value) is tuple and rng.random() < 0.5:
            changes[each.name] = tuple(rng.choices(_NUMBERS, k=rng.randrange(4)))
    return dataclasses.replace(attrs, **changes)


def _changed(rng: random.Random, tensor: Tensor | None) -> Tensor | None:
    if tensor is None or rng.random() < 0.1:
        return None
    data, shape = tensor.data, tensor.shape
    if rng.random() < 0.5:
        shape = tuple(rng.choices(_DIMS, k=rng.randrange(6)))
    if data is not None:
        if rng.random() < 0.2:
            data = None
        else:
            size = tuple(d or 0 for d in shape)
            shape = size
            values = data.reshape(-1) if data.size and rng.random() < 0.5 else np.array(_NUMBERS)
            with np.errstate(all="ignore"):
                data = np.resize(values, size).astype(data.dtype)
    return Tensor(tensor.name, shape, tensor.dtype, tensor.quantization, data)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.kind}-{c.name.replace(' ', '_')}")
def test_wrong_operands_are_refused_in_words(case: Case) -> None:
    rng = random.Random(zlib.crc32(f"{case.kind} {case.name}".encode()))
    good = harness.build(case, "plain" if case.is_float else case.quantized[0]).op
    for _ in range(40):
        inputs = [_changed(rng, t) for t in good.inputs]
        op = Op(case.kind, inputs[: rng.randint(len(inputs) - 1, len(inputs))], [], _changed_attrs(rng, good.attrs))
        try:
            results = opdef(case.kind).infer(op)
        except RilletError as error:
            assert len(str(error)) > 10
        else:
            assert all(d is None or d >= 0 for shape, _ in results for d in shape), (op.inputs, op.attrs, results)
            op.outputs = [Tensor(f"output_{i}", shape, dtype) for i, (shape, dtype) in enumerate(results)]
            assert opdef(case.kind).version(op) >= 1
            with contextlib.suppress(RilletError):  # a dimension is unknown
                assert opdef(case.kind).macs(op) >= 0
