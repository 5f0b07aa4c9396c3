"""Cases of `rillet.ops.gather`."""

import numpy as np

from rillet.ir import DType

from ..case import Case, Random, indices

CASES = [
    Case("GATHER", "rows", [Random((5, 3)), indices(4, below=5)], {}, ("int8", "int16", "uint8")),
    Case("GATHER", "columns", [Random((2, 5, 3)), indices(2, 2, below=5)], {"axis": 1}, ("int8",)),
    Case("GATHER", "last from the end", [Random((2, 5)), [4, 0, 4]], {"axis": -1}, ("int8",)),
    Case("GATHER", "scalar index", [Random((5, 3)), np.int32(2)], {}, ("int8",)),
    Case("GATHER", "in batches", [Random((2, 5, 3)), indices(2, 4, below=5)], {"axis": 1, "batch_dims": 1}, ("int8",)),
    Case("GATHER", "int32", [Random((6,), 0, 99, DType.INT32), indices(3, below=6)]),
    Case("GATHER_ND", "points", [Random((4, 5)), [[0, 1], [3, 4], [2, 0]]], {}, ("int8",)),
    Case("GATHER_ND", "rows", [Random((4, 5, 2)), indices(3, 1, below=4)], {}, ("int8", "int16")),
    Case("EMBEDDING_LOOKUP", "plain", [indices(6, below=9), Random((9, 4), is_constant=True)], {}, ("int8",)),
    Case("EMBEDDING_LOOKUP", "three dimensions", [indices(2, below=3), Random((3, 4, 2), is_constant=True)]),
    *(
        Case(
            "ONE_HOT",
            f"axis {axis}",
            [indices(2, 3, below=4), np.int32(4), np.float32(2.0), np.float32(-1.0)],
            {"axis": axis},
        )
        for axis in (-1, 0, 1)
    ),
    Case("ONE_HOT", "int32", [indices(5, below=7), np.int32(5), np.int32(1), np.int32(0)], {"axis": -1}),
]
