"""Cases of `rillet.ops.unary`."""

from rillet.ir import DType

from ..case import Case, Random

# int16 goes through a table of 513 points in LiteRT.
CASES = [
    Case("EXP", "plain", [Random((2, 3, 7), -3, 3)], {}, ("int8", "int16"), steps_int16=100),
    Case("LOG", "plain", [Random((2, 3, 7), 0.1, 9)], {}, ("int8", "int16"), steps_int16=32),
    Case("SQRT", "plain", [Random((2, 3, 7), 0, 9)], {}, ("int8", "int16")),
    Case("RSQRT", "plain", [Random((2, 3, 7), 0.5, 9)], {}, ("int8", "int16"), steps_int16=200),
    Case("ABS", "plain", [Random((2, 3, 7), -4, 3)], {}, ("int8", "int16")),
    Case("ABS", "int32", [Random((2, 3, 7), -40, 30, DType.INT32)], {}),
    Case("NEG", "plain", [Random((2, 3, 7), -4, 3)], {}),
    Case("NEG", "int32", [Random((2, 3, 7), -40, 30, DType.INT32)], {}),
    Case("SIGN", "plain", [Random((2, 3, 7), -4, 3)], {}),
    Case("SIGN", "int32", [Random((3, 9), -1, 1, DType.INT32)], {}),
    *(Case(kind, "plain", [Random((2, 3, 7), -4, 4)]) for kind in ("SQUARE", "SIN", "COS", "FLOOR", "CEIL", "ROUND")),
    Case("ROUND", "halves to even", [[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]], {}),
    Case("LOGICAL_NOT", "plain", [Random((3, 9), dtype=DType.BOOL)], {}),
    Case("ZEROS_LIKE", "plain", [Random((3, 9))], {}),
    Case("ZEROS_LIKE", "int32", [Random((3, 9), -5, 5, DType.INT32)], {}),
]
