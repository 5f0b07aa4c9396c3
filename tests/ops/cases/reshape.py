"""Cases of `rillet.ops.reshape`."""

from rillet.ir import DType

from ..case import Case, Random

CASES = [
    Case("RESHAPE", "to a matrix", [Random((2, 3, 4)), [6, 4]], {"new_shape": (6, 4)}, ("int8", "int16")),
    Case("RESHAPE", "one dimension left open", [Random((2, 3, 4)), [4, -1]], {"new_shape": (4, -1)}, ("int8",)),
    Case("RESHAPE", "shape in the attribute", [Random((2, 3, 4))], {"new_shape": (3, 8)}, ("int8",)),
    Case("RESHAPE", "to a scalar", [Random((1, 1)), Random((0,), dtype=DType.INT32, is_constant=True)]),
    Case("RESHAPE", "int32", [Random((2, 6), 0, 9, DType.INT32), [12]], {"new_shape": (12,)}),
    Case("SQUEEZE", "all", [Random((1, 3, 1, 4))], {}, ("int8",)),
    Case("SQUEEZE", "named", [Random((1, 3, 1, 4))], {"squeeze_dims": (2,)}, ("int8",)),
    Case("SQUEEZE", "named from the end", [Random((1, 3, 1, 1))], {"squeeze_dims": (-1, 0)}, ("int8",)),
    *(Case("EXPAND_DIMS", f"axis {axis}", [Random((2, 3)), [axis]], {}, ("int8",)) for axis in (0, 1, 2, -1, -3)),
]
