"""Cases of `rillet.ops.fully_connected`."""

from rillet.ir import Activation

from ..case import Case, Random, weights

_FORMS = ("int8", "int8_per_tensor", "int16", "hybrid")

CASES = [
    Case("FULLY_CONNECTED", "matrix", [Random((3, 10), -1, 2), weights(6, 10), weights(6)], {}, _FORMS),
    Case("FULLY_CONNECTED", "image is flattened", [Random((2, 3, 2, 4)), weights(5, 24), weights(5)], {}, _FORMS),
    Case(
        "FULLY_CONNECTED", "rows from several dimensions", [Random((2, 3, 4)), weights(5, 4), weights(5)], {}, ("int8",)
    ),
    Case(
        "FULLY_CONNECTED",
        "keeps dimensions",
        [Random((2, 3, 4)), weights(5, 4), weights(5)],
        {"keep_num_dims": True},
        ("int8",),
    ),
    Case("FULLY_CONNECTED", "no bias", [Random((2, 9)), weights(4, 9), None], {}, ("int8",)),
    Case(
        "FULLY_CONNECTED",
        "relu",
        [Random((2, 9)), weights(14, 9), weights(14)],
        {"fused_activation_function": Activation.RELU},
        ("int8",),
    ),
    Case(
        "FULLY_CONNECTED",
        "relu6",
        [Random((2, 90), -3, 3), weights(14, 90), weights(14)],
        {"fused_activation_function": Activation.RELU6},
        ("int8",),
    ),
    Case("FULLY_CONNECTED", "one row of 640", [Random((1, 640)), weights(128, 640), weights(128)], {}, ("int8",)),
    Case("FULLY_CONNECTED", "one unit", [Random((1, 33)), weights(1, 33), weights(1)], {}, ("int8",)),
]

PERF = [
    Case("FULLY_CONNECTED", "640 to 128", [Random((1, 640)), weights(128, 640), weights(128)], {}, ("int8",)),
    Case("FULLY_CONNECTED", "1280 to 1001", [Random((1, 1280)), weights(1001, 1280), weights(1001)], {}, ("int8",)),
]
