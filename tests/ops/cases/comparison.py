"""Cases of `rillet.ops.comparison`."""

from rillet.ir import DType

from ..case import Case, Random

_COMPARISONS = ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")
_BOOL = DType.BOOL

CASES = [
    *(
        Case(kind, "int32", [Random((3, 8), 0, 3, DType.INT32), Random((3, 8), 0, 3, DType.INT32)])
        for kind in _COMPARISONS
    ),
    *(
        Case(kind, "broadcast", [Random((2, 3, 8), 0, 3, DType.INT32), Random((3, 1), 0, 3, DType.INT32)])
        for kind in _COMPARISONS
    ),
    *(
        Case(kind, "int64", [Random((3, 8), 0, 3, DType.INT64), Random((3, 8), 0, 3, DType.INT64)])
        for kind in _COMPARISONS
    ),
    *(
        Case(kind, "bool", [Random((3, 8), dtype=_BOOL), Random((3, 8), dtype=_BOOL)])
        for kind in ("EQUAL", "NOT_EQUAL")
    ),
    *(Case(kind, "float", [Random((3, 8)), Random((8,))]) for kind in _COMPARISONS),
    *(
        Case(kind, "quantized", [Random((3, 80), -1, 1), Random((3, 80), -1, 1)], {}, ("int8",), is_float=False)
        for kind in _COMPARISONS
    ),
    *(
        Case(kind, "plain", [Random((4, 8), dtype=_BOOL), Random((8,), dtype=_BOOL)])
        for kind in ("LOGICAL_AND", "LOGICAL_OR")
    ),
    Case("SELECT", "elementwise", [Random((3, 8), dtype=_BOOL), Random((3, 8)), Random((3, 8))], {}, ("int8", "int16")),
    Case("SELECT", "rows", [Random((3,), dtype=_BOOL), Random((3, 8)), Random((3, 8))], {}, ("int8",)),
    Case("SELECT", "scalar", [Random((), dtype=_BOOL), Random((3, 8)), Random((3, 8))], {}, ("int8",)),
    Case("SELECT_V2", "elementwise", [Random((3, 8), dtype=_BOOL), Random((3, 8)), Random((3, 8))], {}, ("int8",)),
    Case("SELECT_V2", "broadcast", [Random((3, 1), dtype=_BOOL), Random((8,)), Random((2, 1, 8))], {}, ("int8",)),
    Case("SELECT_V2", "int32", [Random((4,), dtype=_BOOL), Random((4,), 0, 9, DType.INT32), [7]]),
    Case("WHERE", "matrix", [Random((4, 6), dtype=_BOOL)]),
    Case("WHERE", "constant", [[[True, False, True], [False, False, True]]]),
    Case("WHERE", "vector", [Random((9,), dtype=_BOOL)]),
]
