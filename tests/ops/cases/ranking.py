"""Cases of `rillet.ops.ranking`."""

import numpy as np

from rillet.ir import DType

from ..case import Case, Random

_INT32 = {"output_type": DType.INT32}

CASES = [
    *(Case(kind, "last", [Random((3, 9)), np.int32(-1)], _INT32, ("int8",)) for kind in ("ARG_MAX", "ARG_MIN")),
    *(
        Case(kind, "channels of an image", [Random((1, 3, 4, 5)), np.int32(3)], _INT32, ("int8", "uint8"))
        for kind in ("ARG_MAX", "ARG_MIN")
    ),
    *(
        Case(kind, "first axis, int64", [Random((7, 2)), np.int32(0)], {"output_type": DType.INT64})
        for kind in ("ARG_MAX", "ARG_MIN")
    ),
    *(
        Case(kind, "equals", [Random((3, 9), 0, 2, DType.INT32), np.int32(1)], _INT32)
        for kind in ("ARG_MAX", "ARG_MIN")
    ),
    Case("TOPK_V2", "three", [Random((2, 9)), np.int32(3)], {}, ("int8",)),
    Case("TOPK_V2", "equals", [Random((2, 9), 0, 2, DType.INT32), np.int32(5)]),
    Case("TOPK_V2", "int64", [Random((3, 7), -9, 9, DType.INT64), np.int32(2)]),
    Case("TOPK_V2", "int16", [Random((3, 7), -9, 9, DType.INT16), np.int32(2)]),
    Case("TOPK_V2", "all", [Random((4,)), np.int32(4)]),
    *(
        Case("CUMSUM", name, [Random((2, 5, 3)), np.int32(1)], attrs)
        for name, attrs in (
            ("plain", {}),
            ("exclusive", {"exclusive": True}),
            ("reverse", {"reverse": True}),
            ("exclusive reverse", {"exclusive": True, "reverse": True}),
        )
    ),
    Case("CUMSUM", "int64", [Random((2, 5), -9, 9, DType.INT64), np.int32(0)]),
    Case("CUMSUM", "int32 from the end", [Random((2, 5), 0, 9, DType.INT32), np.int32(-1)]),
]
