"""Cases of `rillet.ops.creation`."""

import numpy as np

from rillet.ir import DType

from ..case import Case, Random

CASES = [
    Case("TILE", "matrix", [Random((2, 3)), [2, 3]], {}, ("int8",)),
    Case("TILE", "image", [Random((1, 2, 2, 3)), [1, 2, 1, 2]], {}, ("int8",)),
    Case("TILE", "int32", [Random((4,), 0, 9, DType.INT32), [3]]),
    Case("BROADCAST_TO", "rows", [Random((1, 4)), [3, 4]], {}, ("int8", "int16")),
    Case("BROADCAST_TO", "new dimensions", [Random((3, 1)), [2, 3, 4]], {}, ("int8",)),
    Case("FILL", "float", [[2, 3], Random(())]),
    Case("FILL", "int32", [[4], Random((), 0, 9, DType.INT32)]),
    Case("SHAPE", "int32", [Random((2, 3, 4))], {"out_type": DType.INT32}, ("int8",)),
    Case("SHAPE", "int64", [Random((2, 3))], {"out_type": DType.INT64}),
    Case("RANK", "plain", [Random((2, 3, 4))], {}, ("int8",)),
    Case("RANGE", "int32", [np.int32(2), np.int32(11), np.int32(3)]),
    Case("RANGE", "backwards", [np.int32(9), np.int32(0), np.int32(-2)]),
    Case("RANGE", "float", [np.float32(0), np.float32(1), np.float32(0.3)]),
]
