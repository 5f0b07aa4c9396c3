"""Cases of `rillet.ops.quantize`."""

from rillet.ir import DType

from ..case import Case, Random

_TYPES = (DType.FLOAT32, DType.INT32, DType.INT64, DType.UINT8, DType.INT8, DType.INT16, DType.BOOL)

CASES = [
    *(
        Case("QUANTIZE", f"to {d.name}", [Random((3, 40), -2, 3)], output=d)
        for d in (DType.INT8, DType.UINT8, DType.INT16)
    ),
    Case(
        "QUANTIZE",
        "to another scale",
        [Random((3, 40), -2, 3)],
        {},
        ("int8", "uint8"),
        is_float=False,
        output=DType.INT8,
        output_range=(-1, 2),
    ),
    Case(
        "QUANTIZE",
        "to a larger scale",
        [Random((3, 40), -2, 3)],
        {},
        ("int8", "int16"),
        is_float=False,
        output=DType.INT8,
        output_range=(-4, 9),
    ),
    Case("DEQUANTIZE", "plain", [Random((3, 40), -2, 3)], {}, ("int8", "uint8", "int16"), is_float=False),
    Case("DEQUANTIZE", "float16", [Random((30, 17), dtype=DType.FLOAT16, is_constant=True)]),
    *(
        Case("CAST", f"{a.name} to {b.name}", [Random((3, 8), 0, 99, a)], {"in_data_type": a, "out_data_type": b})
        for a in _TYPES
        for b in _TYPES
        if a is not b
    ),
]
