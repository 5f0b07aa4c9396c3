"""Cases of `rillet.ops.resize`."""

import numpy as np

from ..case import Case, Random

_SIZES = (
    ("up", (1, 3, 4, 2), [6, 8]),
    ("down", (2, 8, 6, 3), [4, 3]),
    ("odd", (1, 5, 4, 3), [7, 9]),
    ("odd down", (1, 9, 7, 1), [4, 5]),
    ("to one", (1, 4, 4, 3), [1, 1]),
    ("same", (1, 4, 4, 3), [4, 4]),
)
_RULES = (
    ("corners off", {}),
    ("align corners", {"align_corners": True}),
    ("half pixel", {"half_pixel_centers": True}),
)

# LiteRT interpolates int16 with positions of 10 fractional bits: far more than one of its fine steps.
CASES = [
    Case(kind, f"{name} {rule}", [Random(shape), np.int32(size)], attrs, ("int8", "uint8", "int16"), steps_int16=160)
    for kind in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")
    for name, shape, size in _SIZES
    for rule, attrs in _RULES
]
