"""Cases of `rillet.ops.normalization`."""

from ..case import OPTIMIZED, Case, Random

CASES = [
    Case("L2_NORMALIZATION", "matrix", [Random((3, 9), -2, 3)], {}, ("int8", "uint8")),
    Case("L2_NORMALIZATION", "image", [Random((1, 3, 4, 5))], {}, ("int8",)),
    # LiteRT's reference leaves out the last neighbour, its optimized kernel and TensorFlow do not.
    *(
        Case(
            "LOCAL_RESPONSE_NORMALIZATION",
            name,
            [Random((1, 3, 4, 8), -3, 3)],
            {"radius": radius, "bias": 1.0, "alpha": alpha, "beta": beta},
            resolver=OPTIMIZED,
        )
        for name, radius, alpha, beta in (("narrow", 1, 0.5, 0.75), ("wide", 5, 1.0, 0.5), ("itself", 0, 2.0, 1.0))
    ),
]
