"""Cases of the operators that gradients are made of."""

from typing import Any

import numpy as np

from rillet.ir import Activation, DType, Padding
from rillet.ops import GraphBuilder, evaluate

from ..case import Case, Random, indices

_CONVOLUTIONS = (
    ("3x3 same", (2, 6, 5, 3), (4, 3, 3, 3), (2, 6, 5, 4), {}),
    ("3x3 stride 2 same", (1, 7, 6, 3), (5, 3, 3, 3), (1, 4, 3, 5), {"stride_w": 2, "stride_h": 2}),
    ("2x3 valid", (2, 6, 7, 2), (3, 2, 3, 2), (2, 5, 5, 3), {"padding": Padding.VALID}),
    ("3x3 stride 2 valid with a rest", (1, 8, 8, 2), (3, 3, 3, 2), (1, 3, 3, 3),
     {"padding": Padding.VALID, "stride_w": 2, "stride_h": 2}),
    ("dilated", (1, 8, 9, 2), (3, 3, 3, 2), (1, 8, 9, 3), {"dilation_w_factor": 2, "dilation_h_factor": 3}),
    ("grouped", (1, 5, 5, 6), (4, 3, 3, 3), (1, 5, 5, 4), {}),
    ("1x1", (2, 4, 4, 9), (7, 1, 1, 9), (2, 4, 4, 7), {}),
    ("1x1 stride 2", (2, 5, 5, 8), (16, 1, 1, 8), (2, 3, 3, 16), {"stride_w": 2, "stride_h": 2}),
    ("many channels", (1, 4, 4, 33), (17, 3, 3, 33), (1, 4, 4, 17), {}),
)  # fmt: skip
_DEPTHWISE = (
    ("3x3 same", (2, 6, 5, 4), (1, 3, 3, 4), (2, 6, 5, 4), {"depth_multiplier": 1}),
    ("3x3 stride 2", (1, 7, 6, 19), (1, 3, 3, 19), (1, 4, 3, 19),
     {"depth_multiplier": 1, "stride_w": 2, "stride_h": 2}),
    ("multiplier 2", (2, 5, 5, 3), (1, 3, 3, 6), (2, 5, 5, 6), {"depth_multiplier": 2}),
    ("2x3 valid dilated", (1, 7, 8, 5), (1, 2, 3, 5), (1, 5, 4, 5),
     {"depth_multiplier": 1, "padding": Padding.VALID, "dilation_w_factor": 2, "dilation_h_factor": 2}),
)  # fmt: skip
_POOLS = (
    ("2x2", (2, 6, 8, 5), (2, 3, 4, 5), {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2}),
    ("3x3 same", (1, 5, 5, 3), (1, 5, 5, 3), {"filter_height": 3, "filter_width": 3}),
    ("3x2 valid", (1, 7, 7, 17), (1, 3, 6, 17),
     {"filter_height": 3, "filter_width": 2, "stride_h": 2, "padding": Padding.VALID}),
    ("3x3 stride 2 same", (1, 6, 7, 4), (1, 3, 4, 4),
     {"filter_height": 3, "filter_width": 3, "stride_h": 2, "stride_w": 2}),
)  # fmt: skip


def _max_pool(name: str, x: tuple[int, ...], y: tuple[int, ...], attrs: dict[str, Any]) -> Case:
    """Operands that belong together: the result is that of the input, in which no two values are equal."""
    values = np.random.default_rng(0).permutation(np.prod(x)).reshape(x).astype(np.float32)
    graph = GraphBuilder()
    graph.output(graph.op("MAX_POOL_2D", [graph.input("x", x)], "y", **attrs))
    result = evaluate(graph.graph, [values])["y"]
    return Case("rillet.MAX_POOL_2D_GRADIENT", name, [values, result, Random(y)], attrs, resolver="")


CASES = [
    *(
        case
        for kind, geometries in (("CONV_2D", _CONVOLUTIONS), ("DEPTHWISE_CONV_2D", _DEPTHWISE))
        for name, x, w, y, attrs in geometries
        for case in (
            Case(f"rillet.{kind}_INPUT_GRADIENT", name, [Random(w), Random(y), list(x)], attrs, resolver=""),
            Case(f"rillet.{kind}_FILTER_GRADIENT", name, [Random(x), Random(y), list(w)], attrs, resolver=""),
        )
    ),
    *(
        Case("rillet.AVERAGE_POOL_2D_GRADIENT", name, [Random(y), list(x)], attrs, resolver="")
        for name, x, y, attrs in _POOLS
    ),
    *(_max_pool(*each) for each in _POOLS),
    *(
        Case(
            "rillet.ACTIVATION_GRADIENT",
            activation.name.lower(),
            [Random((2, 5, 7), -3, 9), Random((2, 5, 7))],
            {"fused_activation_function": activation},
            resolver="",
        )
        for activation in (Activation.NONE, Activation.RELU, Activation.RELU6, Activation.RELU_N1_TO_1, Activation.TANH)
    ),
    *(
        Case(
            "rillet.GELU_GRADIENT",
            f"approximate {approximate}",
            [Random((3, 37), -4, 4), Random((3, 37))],
            {"approximate": approximate},
            resolver="",
        )
        for approximate in (False, True)
    ),
    Case("rillet.SOFTMAX_CROSS_ENTROPY", "rows", [Random((5, 7), -4, 4), Random((5, 7), 0, 1)], resolver=""),
    Case("rillet.SOFTMAX_CROSS_ENTROPY", "one row", [Random((19,), -4, 4), Random((19,), 0, 1)], resolver=""),
    Case("rillet.SOFTMAX_CROSS_ENTROPY", "far apart", [Random((3, 5), -90, 90), Random((3, 5), 0, 1)], resolver=""),
    Case("rillet.SPARSE_SOFTMAX_CROSS_ENTROPY", "rows", [Random((9, 10), -4, 4), indices(9, below=10)], resolver=""),
    Case(
        "rillet.SPARSE_SOFTMAX_CROSS_ENTROPY",
        "steps",
        [Random((2, 3, 65), -4, 4), indices(2, 3, below=65)],
        resolver="",
    ),
    *(
        case
        for kind, statistics in (("BATCH_NORMALIZATION", (7,)), ("LAYER_NORMALIZATION", (3, 4, 5)))
        for case in (
            Case(
                f"rillet.{kind}",
                "4-D",
                [Random((3, 4, 5, 7), -2, 3), Random((7,), 0.5, 2), Random((7,)), 1e-3],
                resolver="",
            ),
            Case(
                f"rillet.{kind}_GRADIENT",
                "4-D",
                [
                    Random((3, 4, 5, 7), -2, 3),
                    Random((7,), 0.5, 2),
                    Random(statistics),
                    Random(statistics, 0.5, 2),
                    1e-3,
                    Random((3, 4, 5, 7)),
                ],
                resolver="",
            ),
        )
    ),
    Case(
        "rillet.BATCH_NORMALIZATION", "2-D", [Random((6, 19), -2, 3), Random((19,)), Random((19,)), 1e-5], resolver=""
    ),
    Case(
        "rillet.LAYER_NORMALIZATION", "2-D", [Random((6, 19), -2, 3), Random((19,)), Random((19,)), 1e-5], resolver=""
    ),
    *(
        Case("FAKE_QUANT", name, [Random((3, 50), -3, 3)], {"min": low, "max": high, "num_bits": bits})
        for name, low, high, bits in (("8 bits", -1.5, 2.0, 8), ("4 bits", -2.5, 2.5, 4), ("positive", 0.0, 2.0, 8))
    ),
    *(
        Case(kind, name, operands, {"num_bits": bits, "narrow_range": narrow}, resolver="")
        for name, shape, ranges, bits, narrow in (
            ("one range", (3, 5, 7), (), 8, False),
            ("one value", (3, 50), (1, 1), 4, False),
            ("filters", (19, 3, 3, 5), (19, 1, 1, 1), 8, True),
            ("middle axis", (3, 21, 6), (21, 1), 4, True),
            ("last axis", (1, 3, 3, 37), (1, 1, 1, 37), 8, True),
            ("two axes", (3, 3, 5, 2), (5, 2), 8, True),
            ("rows of one", (40, 1), (40, 1), 8, True),
        )
        for kind, operands in (
            ("rillet.FAKE_QUANT", [Random(shape, -2, 2), Random(ranges, -2, 0), Random(ranges, 0.1, 2)]),
            (
                "rillet.FAKE_QUANT_GRADIENT",
                [Random(shape, -2, 2), Random(ranges, -2, 0), Random(ranges, 0.1, 2), Random(shape)],
            ),
        )
    ),
    Case("rillet.FAKE_QUANT", "empty range", [Random((3, 50), -3, 3), 0.0, 0.0], {"num_bits": 8}, resolver=""),
    Case("SCATTER_ND", "rows", [[[3], [0], [3]], Random((3, 5)), [6, 5]]),
    *(
        Case("SCATTER_ND", dtype.name.lower(), [[[3], [0], [3]], Random((3, 5), -9, 9, dtype), [6, 5]])
        for dtype in (DType.INT8, DType.INT32, DType.INT64)
    ),
    Case("SCATTER_ND", "elements", [[[3, 1], [0, 4], [2, 2], [3, 1]], Random((4,)), [4, 5]]),
    Case("SCATTER_ND", "planes of pairs", [[[[0, 1]], [[1, 0]]], Random((2, 1, 3)), [2, 2, 3]]),
    Case("ONE_HOT", "values at run time", [indices(2, 3, below=4), 4, Random(()), Random(())], {"axis": -1}),
    Case("UNSORTED_SEGMENT_SUM", "rows", [Random((5, 3)), indices(5, below=4), 4]),
    Case("UNSORTED_SEGMENT_SUM", "numbers of two dimensions", [Random((2, 3, 4)), indices(2, 3, below=5), 5]),
    Case("UNSORTED_SEGMENT_SUM", "some left out", [Random((5, 3)), [2, -1, 0, 2, -1], 4]),
]
