"""Cases of `rillet.ops.reduction`."""

import numpy as np

from rillet.ir import DType

from ..case import OPTIMIZED, Case, Random

_AXES = (
    ("spatial", (2, 4, 3, 5), [1, 2], True),
    ("spatial dropped", (1, 7, 5, 20), [1, 2], False),
    ("last", (3, 4, 6), [-1], False),
    ("first", (3, 4, 6), [0], True),
    ("all", (3, 4, 2), [0, 1, 2], False),
    ("channels", (1, 4, 3, 5), [3], True),
)
_INTEGER = {
    "MEAN": ("int8", "uint8", "int16"),
    "SUM": ("uint8",),
    "REDUCE_MAX": ("int8", "int16", "uint8"),
    "REDUCE_MIN": ("int8", "int16", "uint8"),
    "REDUCE_PROD": (),
}

CASES = [
    *(
        Case(kind, name, [Random(shape, -2, 3), axes], {"keep_dims": keep}, forms)
        for kind, forms in _INTEGER.items()
        for name, shape, axes, keep in _AXES
    ),
    *(
        Case(kind, name, [Random(shape, dtype=DType.BOOL), axes], {"keep_dims": keep})
        for kind in ("REDUCE_ANY", "REDUCE_ALL")
        for name, shape, axes, keep in _AXES
    ),
    *(Case(kind, "int32", [Random((3, 5), -9, 9, DType.INT32), [1]], {"keep_dims": False}) for kind in _INTEGER),
    # LiteRT's reference SUM reads int8 as if it were uint8; its optimized one is right.
    *(
        Case(
            "SUM",
            f"{name} int8",
            [Random(shape, -2, 3), axes],
            {"keep_dims": keep},
            ("int8",),
            is_float=False,
            resolver=OPTIMIZED,
        )
        for name, shape, axes, keep in _AXES
    ),
    Case(
        "MEAN",
        "another output scale",
        [Random((1, 4, 4, 6), -2, 3), [1, 2]],
        {"keep_dims": True},
        ("int8",),
        output_range=(-1, 1),
    ),
    Case("MEAN", "scalar axis", [Random((2, 6)), np.int32(1)], {"keep_dims": False}, ("int8",)),
    Case("MEAN", "an axis named twice", [Random((2, 6)), [1, -1]], {"keep_dims": False}, ("int8",)),
]
