"""Cases of `rillet.ops.softmax`."""

from ..case import Case, Random

CASES = [
    Case("SOFTMAX", "matrix", [Random((3, 12), -3, 3)], {"beta": 1.0}, ("int8", "uint8", "int16")),
    Case("SOFTMAX", "image", [Random((1, 4, 3, 5), -9, 9)], {"beta": 1.0}, ("int8", "int16"), steps_int16=8),
    Case("SOFTMAX", "beta", [Random((2, 10), -3, 3)], {"beta": 0.5}, ("int8",)),
    Case("SOFTMAX", "far apart", [Random((4, 7), -90, 90)], {"beta": 1.0}, ("int8",)),
    Case("SOFTMAX", "one class", [Random((4, 1))], {"beta": 1.0}, ("int8",)),
    Case("SOFTMAX", "many classes", [Random((1, 1001), -8, 8)], {"beta": 1.0}, ("int8",)),
    Case("LOG_SOFTMAX", "matrix", [Random((3, 12), -3, 3)], {}, ("int8", "uint8")),
    Case("LOG_SOFTMAX", "image", [Random((1, 4, 3, 5), -9, 9)], {}, ("int8",)),
]

PERF = [Case("SOFTMAX", "1001 classes", [Random((1, 1001), -8, 8)], {"beta": 1.0}, ("int8",))]
