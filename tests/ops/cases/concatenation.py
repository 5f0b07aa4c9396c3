"""Cases of `rillet.ops.concatenation`."""

from rillet.ir import Activation, DType

from ..case import Case, Random

CASES = [
    Case(
        "CONCATENATION",
        "channels",
        [Random((1, 3, 2, 4)), Random((1, 3, 2, 5)), Random((1, 3, 2, 1))],
        {"axis": 3},
        ("int8", "int16", "uint8"),
    ),
    Case("CONCATENATION", "from the end", [Random((2, 3, 4)), Random((2, 5, 4))], {"axis": -2}, ("int8",)),
    Case("CONCATENATION", "batch", [Random((1, 4)), Random((2, 4))], {"axis": 0}, ("int8",)),
    Case("CONCATENATION", "with a constant", [Random((2, 3)), [[1.0], [-1.0]]], {"axis": 1}, ("int8",)),
    Case("CONCATENATION", "int32", [Random((4,), 0, 9, DType.INT32), Random((2,), 0, 9, DType.INT32)], {"axis": 0}),
    Case("CONCATENATION", "one input", [Random((2, 3))], {"axis": 1, "fused_activation_function": Activation.NONE}),
    *(
        Case(
            "PACK",
            f"axis {axis}",
            [Random((2, 3)), Random((2, 3)), Random((2, 3))],
            {"values_count": 3, "axis": axis},
            ("int8", "int16"),
        )
        for axis in (0, 1, 2, -1)
    ),
    Case("PACK", "scalars", [Random((), 0, 9, DType.INT32), Random((), 0, 9, DType.INT32)], {"values_count": 2}),
]
