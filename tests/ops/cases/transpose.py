"""Cases of `rillet.ops.transpose`."""

from rillet.ir import DType

from ..case import Case, Random

CASES = [
    *(
        Case("TRANSPOSE", "".join(map(str, order)), [Random(shape), order], {}, ("int8", "int16"))
        for shape, order in (
            ((3, 5), [1, 0]),
            ((2, 3, 4), [2, 0, 1]),
            ((2, 3, 4, 5), [0, 3, 1, 2]),
            ((2, 3, 4, 5), [0, 2, 3, 1]),
            ((2, 3, 2, 3, 2), [4, 2, 0, 1, 3]),
            ((2, 1, 3, 2, 2, 1), [5, 3, 1, 0, 2, 4]),
            ((2, 3), [0, 1]),
        )
    ),
    Case("TRANSPOSE", "int32", [Random((2, 3), 0, 9, DType.INT32), [1, 0]]),
    Case("REVERSE_V2", "rows", [Random((3, 4)), [0]], {}, ("int8",)),
    Case("REVERSE_V2", "last", [Random((2, 3, 4)), [2]], {}, ("int8",)),
    Case("REVERSE_V2", "two axes", [Random((2, 3, 4)), [1, 2]], {}),
]
