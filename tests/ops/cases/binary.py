"""Cases of `rillet.ops.binary`."""

import numpy as np

from rillet.ir import Activation, DType

from ..case import Case, Random

_SHAPES = (
    ("same shape", (2, 3, 4, 5), (2, 3, 4, 5)),
    ("channels", (1, 4, 3, 6), (6,)),
    ("scalar", (2, 7), ()),
    ("spatial", (1, 4, 3, 6), (1, 4, 3, 1)),
    ("both ways", (3, 1, 5), (1, 4, 1)),
    ("first is smaller", (5,), (2, 3, 5)),
)
_FUSED = ("ADD", "SUB", "MUL")


def _operands(dtype: DType, low: float = -5, high: float = 5) -> list[Random]:
    return [Random((2, 3, 4), low, high, dtype), Random((3, 1), max(low, 1), high, dtype)]


_ONE = 32767 / 32768  # the largest int16 at a scale of 2^-15

CASES = [
    *(
        Case(kind, name, [Random(a, -2, 3), Random(b, -1, 4)], {}, ("int8", "uint8"))
        for kind in ("ADD", "SUB", "MUL", "SQUARED_DIFFERENCE")
        for name, a, b in _SHAPES
        if kind != "SQUARED_DIFFERENCE"
    ),
    *(Case("SQUARED_DIFFERENCE", name, [Random(a, -2, 3), Random(b, -1, 4)], {}, ("int8",)) for name, a, b in _SHAPES),
    *(
        Case(
            kind,
            f"fused {f.name}",
            [Random((1, 3, 3, 8), -9, 9), Random((1, 3, 3, 8), -9, 9)],
            {"fused_activation_function": f},
            ("int8",),
        )
        for kind in _FUSED
        for f in (Activation.RELU, Activation.RELU6, Activation.RELU_N1_TO_1)
    ),
    *(
        Case(kind, "int16", [Random((2, 3, 5), -2, 2), Random((2, 3, 5), -1, 1)], attrs, ("int16",), is_float=False)
        for kind, attrs in (("ADD", {"pot_scale_int16": False}), ("SUB", {"pot_scale_int16": False}), ("MUL", {}))
    ),
    *(
        Case(kind, name, [Random(a, -2, 3), Random(b, -2, 3)], {}, ("int8", "int16", "uint8"))
        for kind in ("MAXIMUM", "MINIMUM")
        for name, a, b in _SHAPES
    ),
    *(Case("DIV", name, [Random(a, -2, 3), Random(b, 1, 4)], {}, ("int8",)) for name, a, b in _SHAPES),
    Case(
        "DIV", "fused relu", [Random((2, 8), -2, 3), Random((8,), 1, 4)], {"fused_activation_function": Activation.RELU}
    ),
    *(
        Case(
            kind,
            "int16 scales of powers of two",
            [Random((3, 8), -_ONE, _ONE), Random((3, 8), -2 * _ONE, 2 * _ONE)],
            {"pot_scale_int16": True},
            ("int16",),
            is_float=False,
            output_range=(-2 * _ONE, 2 * _ONE),
        )
        for kind in ("ADD", "SUB")
    ),
    Case("ATAN2", "plane", [Random((7, 9), -2, 2), Random((7, 9), -2, 2)]),
    Case("ATAN2", "axes", [np.float32([0, 0, 1, -1, 0, -0.0, 1, 3]), Random((8,), -1, 1)]),
    *(Case("POW", name, [Random(a, 0.1, 3), Random(b, -1, 4)], {}) for name, a, b in _SHAPES),
    *(
        Case(kind, name, [Random(a, -9, 9), Random(b, 1, 4)], {})
        for kind in ("FLOOR_DIV", "FLOOR_MOD")
        for name, a, b in _SHAPES
    ),
    *(
        Case(kind, "int32", _operands(DType.INT32, -50, 50), {})
        for kind in ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "FLOOR_DIV", "FLOOR_MOD")
    ),
    *(
        Case(kind, "negative divisor", [Random((3, 9), -9, 9, DType.INT32), np.int32([-4])], {})
        for kind in ("DIV", "FLOOR_DIV", "FLOOR_MOD")
    ),
    *(
        Case(kind, "int64", _operands(DType.INT64, -50, 50), {})
        for kind in ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "FLOOR_MOD")
    ),
    *(
        Case(kind, "int64", _operands(DType.INT64, -50, 50), {}, resolver="")  # LiteRT has none
        for kind in ("DIV", "FLOOR_DIV", "SQUARED_DIFFERENCE")
    ),
    Case("POW", "int32", [Random((2, 5), 0, 6, DType.INT32), np.int32([3])], {}),
    Case("ADD", "constant", [Random((1, 4, 4, 3)), np.float32([0.5, -0.25, 1.0])], {}, ("int8",)),
    Case(
        "MUL",
        "large rescale",
        [Random((4, 9), -1, 1), Random((4, 9), -1, 1)],
        {},
        ("int8",),
        output_range=(-0.3, 0.3),
        is_float=False,
    ),
]

PERF = [
    Case(kind, "56x56x24", [Random((1, 56, 56, 24), -2, 3), Random((1, 56, 56, 24), -1, 4)], {}, ("int8",))
    for kind in ("ADD", "MUL")
]
