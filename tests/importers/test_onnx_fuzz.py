"""Single operators with random attributes: the import means what onnxruntime computes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from rillet.importers.onnx import load
from rillet.ir import verify

from .onnx_cases import Arrays, run

ort = pytest.importorskip("onnxruntime")
Made = tuple[str, dict[str, Any], list[Any], int]
"""Operator, attributes, inputs (the first is fed, arrays are constants, None is absent) and opset."""


def _pads(rng: np.random.Generator, rank: int, most: int = 2) -> list[int]:
    return [int(p) for p in rng.integers(0, most + 1, 2 * rank)]


def _image(rng: np.random.Generator, rank: int = 2, channels: int | None = None) -> Any:
    shape = (int(rng.integers(1, 3)), channels or int(rng.integers(1, 5)), *rng.integers(7, 12, rank))
    return rng.standard_normal(shape).astype(np.float32)


def _conv(rng: np.random.Generator) -> Made:
    rank, groups = int(rng.integers(1, 3)), int(rng.choice([1, 1, 2, 3]))
    depth, out = int(rng.integers(1, 4)), int(rng.integers(1, 3)) * groups
    kernel = [int(k) for k in rng.integers(1, 4, rank)]
    attrs: dict[str, Any] = {"strides": rng.integers(1, 4, rank).tolist(), "group": groups, "kernel_shape": kernel}
    auto = rng.choice(["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])
    if auto == "NOTSET":
        attrs |= {"pads": _pads(rng, rank), "dilations": rng.integers(1, 3, rank).tolist()}
    else:
        attrs["auto_pad"] = str(auto)
    weights = rng.standard_normal((out, depth, *kernel)).astype(np.float32)
    bias = rng.standard_normal(out).astype(np.float32) if rng.random() < 0.5 else None
    return "Conv", attrs, [_image(rng, rank, depth * groups), weights, bias], 13


def _conv_transpose(rng: np.random.Generator) -> Made:
    rank, groups = int(rng.integers(1, 3)), int(rng.choice([1, 1, 2]))
    depth, out = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    kernel = rng.integers(1, 4, rank)
    strides = rng.integers(1, 4, rank)
    attrs: dict[str, Any] = {
        "strides": strides.tolist(),
        "group": groups,
        "dilations": rng.integers(1, 3, rank).tolist(),
        "output_padding": [int(rng.integers(0, s)) for s in strides],
        "pads": [int(rng.integers(0, k)) for k in [*kernel, *kernel]],
    }
    weights = rng.standard_normal((depth * groups, out, *kernel)).astype(np.float32)
    bias = rng.standard_normal(out * groups).astype(np.float32)
    return "ConvTranspose", attrs, [_image(rng, rank, depth * groups), weights, bias], 13


def _pool(rng: np.random.Generator) -> Made:
    rank = int(rng.integers(1, 4))
    kernel = rng.integers(1, 4, rank)
    attrs: dict[str, Any] = {"kernel_shape": kernel.tolist(), "strides": rng.integers(1, 4, rank).tolist()}
    attrs["pads"] = [int(rng.integers(0, k)) for k in [*kernel, *kernel]]
    attrs["ceil_mode"] = int(rng.integers(0, 2))
    attrs["dilations"] = rng.integers(1, 3, rank).tolist()
    kind = str(rng.choice(["MaxPool", "AveragePool"]))
    if kind == "AveragePool":
        attrs["count_include_pad"] = int(rng.integers(0, 2))
        attrs["ceil_mode"] = 0  # onnxruntime counts the rows that ceil_mode adds otherwise than the specification
    return kind, attrs, [_image(rng, rank)], 19


def _resize(rng: np.random.Generator) -> Made:
    x = _image(rng)
    mode = str(rng.choice(["nearest", "linear", "cubic"]))
    how = str(rng.choice(["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]))
    attrs: dict[str, Any] = {"mode": mode, "coordinate_transformation_mode": how}
    if mode == "nearest":
        attrs["nearest_mode"] = str(rng.choice(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]))
    if mode == "cubic":
        attrs |= {"exclude_outside": int(rng.integers(0, 2)), "cubic_coeff_a": float(rng.choice([-0.5, -0.75]))}
    sizes = np.array([*x.shape[:2], *rng.integers(3, 25, 2)], np.int64)
    return "Resize", attrs, [x, None, None, sizes], 13


def _upscale(rng: np.random.Generator) -> Made:
    """By whole factors, as exported by the frameworks."""
    scales = np.array([1, 1, *rng.integers(1, 4, 2)], np.float32)
    mode, how = rng.choice(
        [("nearest", "asymmetric"), ("nearest", "half_pixel"), ("linear", "half_pixel"), ("linear", "asymmetric")]
    )
    attrs = {"mode": str(mode), "coordinate_transformation_mode": str(how)}
    return "Resize", attrs | ({"nearest_mode": "floor"} if mode == "nearest" else {}), [_image(rng), None, scales], 13


def _pad(rng: np.random.Generator) -> Made:
    x = _image(rng, int(rng.integers(0, 4)))
    mode = str(rng.choice(["constant", "reflect", "edge"]))
    low = -1 if mode == "constant" else 0
    amounts = [int(rng.integers(low, max(1, min(4, d)))) for d in [*x.shape, *x.shape]]
    if mode == "constant":
        amounts = [a if d > 2 else max(0, a) for a, d in zip(amounts, [*x.shape, *x.shape], strict=True)]
    value = np.array(rng.choice([0.0, 1.5]), np.float32) if mode == "constant" else None
    return "Pad", {"mode": mode}, [x, np.array(amounts, np.int64), value], 13


def _slice(rng: np.random.Generator) -> Made:
    x = rng.standard_normal(rng.integers(3, 7, int(rng.integers(1, 5)))).astype(np.float32)
    axes = rng.permutation(x.ndim)[: int(rng.integers(1, x.ndim + 1))]
    starts, ends, steps = [], [], []
    for axis in axes:
        step = int(rng.choice([1, 1, 2, -1, -2]))
        begin, end = sorted(int(v) for v in rng.choice(x.shape[axis], 2, replace=False))
        begin, end = (begin, end) if step > 0 else (end, begin)
        starts.append(begin - x.shape[axis] if rng.random() < 0.3 else begin)
        ends.append(int(rng.choice([end, np.iinfo(np.int64).max if step > 0 else np.iinfo(np.int64).min])))
        steps.append(step)
    signed = [int(a) - x.ndim if rng.random() < 0.3 else int(a) for a in axes]
    return "Slice", {}, [x, *(np.array(v, np.int64) for v in (starts, ends, signed, steps))], 13


def _reduce(rng: np.random.Generator) -> Made:
    kind = str(rng.choice(["Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp"]))
    x = rng.standard_normal(rng.integers(1, 5, int(rng.integers(1, 5)))).astype(np.float32)
    axes = np.sort(rng.permutation(x.ndim)[: int(rng.integers(1, x.ndim + 1))]) - int(rng.choice([0, x.ndim]))
    keep = int(rng.integers(0, 2))
    return f"Reduce{kind}", {"keepdims": keep}, [x, axes.astype(np.int64)], 18


def _gemm(rng: np.random.Generator) -> Made:
    n, k, m = (int(d) for d in rng.integers(1, 6, 3))
    ta, tb = (int(t) for t in rng.integers(0, 2, 2))
    a = rng.standard_normal((k, n) if ta else (n, k)).astype(np.float32)
    b = rng.standard_normal((m, k) if tb else (k, m)).astype(np.float32)
    shapes = [(n, m), (1, m), (m,), (n, 1), (1,), ()]
    c = rng.standard_normal(shapes[int(rng.integers(0, len(shapes)))]).astype(np.float32)
    attrs = {"transA": ta, "transB": tb, "alpha": float(rng.choice([1.0, 0.5])), "beta": float(rng.choice([1.0, 2.0]))}
    return "Gemm", attrs, [a, b, c if rng.random() < 0.8 else None], 13


def _matmul(rng: np.random.Generator) -> Made:
    n, k, m = (int(d) for d in rng.integers(1, 5, 3))
    lead = [int(d) for d in rng.integers(1, 4, int(rng.integers(0, 3)))]
    a = rng.standard_normal((*lead, n, k) if rng.random() < 0.8 else (k,)).astype(np.float32)
    other: list[tuple[int, ...]] = [(k, m), (k,), (*lead, k, m)]
    return "MatMul", {}, [a, rng.standard_normal(other[int(rng.integers(0, 3))]).astype(np.float32)], 13


def _softmax(rng: np.random.Generator) -> Made:
    x = rng.standard_normal(rng.integers(1, 5, int(rng.integers(1, 5)))).astype(np.float32)
    kind = str(rng.choice(["Softmax", "LogSoftmax"]))
    return kind, {"axis": int(rng.integers(0, x.ndim))}, [x], int(rng.choice([9, 11, 13]))


def _lrn(rng: np.random.Generator) -> Made:
    return "LRN", {"size": int(rng.integers(1, 6)), "alpha": 0.5, "beta": 0.7, "bias": 2.0}, [_image(rng)], 13


def _space(rng: np.random.Generator) -> Made:
    block, mode = int(rng.integers(2, 4)), str(rng.choice(["DCR", "CRD"]))
    if rng.random() < 0.5:
        x = rng.standard_normal((1, 2, 3 * block, 2 * block)).astype(np.float32)
        return "SpaceToDepth", {"blocksize": block}, [x], 13
    x = rng.standard_normal((2, 2 * block * block, 3, 2)).astype(np.float32)
    return "DepthToSpace", {"blocksize": block, "mode": mode}, [x], 13


GENERATORS: list[Callable[[np.random.Generator], Made]] = [
    _conv,
    _conv_transpose,
    _pool,
    _resize,
    _upscale,
    _pad,
    _slice,
    _reduce,
    _gemm,
    _matmul,
    _softmax,
    _lrn,
    _space,
]


def _model(made: Made) -> tuple[Any, Any]:
    """The model proto and its input array."""
    kind, attrs, inputs, opset = made
    names = [f"in{i}" if v is not None else "" for i, v in enumerate(inputs)]
    while not names[-1]:
        names.pop()
    rest = [(n, np.asarray(v)) for n, v in zip(names[1:], inputs[1:], strict=False) if n]
    constants = [onnx.numpy_helper.from_array(v, n) for n, v in rest]
    node = helper.make_node(kind, names, ["out"], **attrs)
    graph = helper.make_graph(
        [node],
        "fuzz",
        [helper.make_tensor_value_info("in0", TensorProto.FLOAT, inputs[0].shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), inputs[0]


@pytest.mark.parametrize("generate", GENERATORS, ids=lambda g: g.__name__[1:])
def test_random_attributes(generate: Callable[[np.random.Generator], Made], tmp_path: Path) -> None:
    options = ort.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    compared = 0
    for seed in range(60):
        made = generate(np.random.default_rng(seed))
        proto, x = _model(made)
        path = tmp_path / "model.onnx"
        onnx.save(proto, str(path))
        try:
            expected = ort.InferenceSession(proto.SerializeToString(), options).run(None, {"in0": x})[0]
        except Exception:  # onnxruntime lacks this combination (dilated average pools of some ranks, for example)
            continue
        for layout in ("nhwc", "source"):
            model = load(path, input_layout=layout)  # type: ignore[arg-type]
            verify(model)
            (actual,) = _outputs(model, {"in0": x})
            what = f"seed {seed}: {made[0]} {made[1]} {[getattr(v, 'shape', v) for v in made[2]]}"
            assert actual.shape == expected.shape, what
            np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4, err_msg=what)
        compared += 1
    assert compared >= 30


def _outputs(model: Any, given: Arrays) -> list[Any]:
    return list(run(model, given).values())
