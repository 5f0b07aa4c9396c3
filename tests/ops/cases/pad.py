"""Cases of `rillet.ops.pad`."""

import numpy as np

from rillet.ir import DType
from rillet.ops.pad import MirrorPadMode

from ..case import Case, Random

_PADDINGS = (
    ("image", (1, 4, 5, 3), [[0, 0], [1, 2], [2, 0], [0, 0]]),
    ("matrix", (2, 3), [[1, 0], [0, 2]]),
    ("channels", (1, 2, 2, 3), [[0, 0], [0, 0], [0, 0], [1, 2]]),
    ("five dimensions", (1, 2, 1, 2, 3), [[0, 0], [1, 0], [0, 1], [1, 1], [0, 0]]),
    ("none", (2, 3), [[0, 0], [0, 0]]),
)

CASES = [
    *(
        Case("PAD", name, [Random(shape, -1, 3), np.int32(pads)], {}, ("int8", "uint8", "int16"))
        for name, shape, pads in _PADDINGS
    ),
    *(
        Case("PADV2", name, [Random(shape, -1, 3), np.int32(pads), np.float32(-0.75)], {}, ("int8", "uint8"))
        for name, shape, pads in _PADDINGS
    ),
    Case("PAD", "int32", [Random((2, 3), 1, 9, DType.INT32), np.int32([[1, 1], [0, 1]])]),
    *(
        Case("MIRROR_PAD", f"{name} {mode.name}", [Random(shape), np.int32(pads)], {"mode": mode}, ("int8",))
        for mode in MirrorPadMode
        for name, shape, pads in (
            ("image", (1, 4, 5, 3), [[0, 0], [1, 2], [2, 3], [0, 0]]),
            ("matrix", (3, 4), [[2, 1], [0, 3]]),
        )
    ),
]
