"""Cases of `rillet.ops.pooling`."""

from rillet.ir import Activation, Padding

from ..case import Case, Random

_GEOMETRIES = (
    ("2x2", (1, 6, 8, 5), {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2}),
    ("3x3 same at the border", (2, 5, 5, 3), {"filter_height": 3, "filter_width": 3}),
    ("3x2 valid", (1, 7, 7, 17), {"filter_height": 3, "filter_width": 2, "stride_h": 2, "padding": Padding.VALID}),
    ("global", (1, 7, 5, 20), {"filter_height": 7, "filter_width": 5, "padding": Padding.VALID}),
    ("global same", (1, 4, 4, 6), {"filter_height": 4, "filter_width": 4, "stride_h": 4, "stride_w": 4}),
    ("relu", (1, 6, 6, 4), {"filter_height": 2, "filter_width": 2, "fused_activation_function": Activation.RELU}),
    ("relu6", (1, 6, 6, 4), {"filter_height": 3, "filter_width": 3, "fused_activation_function": Activation.RELU6}),
)

CASES = [
    *(
        Case(kind, name, [Random(shape, -6, 9)], attrs, ("int8", "uint8", "int16"))
        for kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D")
        for name, shape, attrs in _GEOMETRIES
    ),
    *(Case("L2_POOL_2D", name, [Random(shape, -6, 9)], attrs) for name, shape, attrs in _GEOMETRIES),
]

PERF = [
    Case(
        "AVERAGE_POOL_2D",
        "global 7x7x1024",
        [Random((1, 7, 7, 1024), -6, 9)],
        {"filter_height": 7, "filter_width": 7, "padding": Padding.VALID},
        ("int8",),
    ),
    Case(
        "MAX_POOL_2D",
        "2x2 of 112x112x32",
        [Random((1, 112, 112, 32), -6, 9)],
        {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2},
        ("int8",),
    ),
]
