"""Cases of `rillet.ops.split`."""

import numpy as np

from rillet.ir import DType

from ..case import Case, Random

CASES = [
    Case("SPLIT", "channels", [np.int32(3), Random((1, 2, 3, 6))], {"num_splits": 3}, ("int8", "int16", "uint8")),
    Case("SPLIT", "from the end", [np.int32(-2), Random((2, 4, 3))], {"num_splits": 2}, ("int8",)),
    Case("SPLIT", "int32", [np.int32(0), Random((4, 3), 0, 9, DType.INT32)], {"num_splits": 4}),
    Case("SPLIT_V", "sizes", [Random((2, 7)), [2, 4, 1], np.int32(1)], {"num_splits": 3}, ("int8", "int16")),
    Case("SPLIT_V", "one left open", [Random((7, 2)), [3, -1], np.int32(0)], {"num_splits": 2}, ("int8",)),
    Case("UNPACK", "first", [Random((3, 2, 4))], {"num": 3, "axis": 0}, ("int8", "int16")),
    Case("UNPACK", "last", [Random((3, 2))], {"num": 2, "axis": -1}, ("int8",)),
    Case("UNPACK", "int32", [Random((2, 5), 0, 9, DType.INT32)], {"num": 5, "axis": 1}),
]
