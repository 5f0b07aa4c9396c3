"""Cases of `rillet.ops.transpose_conv`."""

from rillet.ir import Activation, Padding

from ..case import Case, Random, weights

_FORMS = ("int8", "int8_per_tensor", "int16", "hybrid")
_TWO = {"stride_h": 2, "stride_w": 2}

CASES = [
    Case(
        "TRANSPOSE_CONV",
        "stride 2 same",
        [[1, 8, 6, 4], weights(4, 3, 3, 5), Random((1, 4, 3, 5)), weights(4)],
        _TWO,
        _FORMS,
    ),
    Case(
        "TRANSPOSE_CONV",
        "stride 2 valid",
        [[1, 9, 7, 4], weights(4, 3, 3, 5), Random((1, 4, 3, 5)), weights(4)],
        {**_TWO, "padding": Padding.VALID},
        _FORMS,
    ),
    Case(
        "TRANSPOSE_CONV", "stride 1", [[2, 5, 4, 3], weights(3, 3, 2, 2), Random((2, 5, 4, 2)), weights(3)], {}, _FORMS
    ),
    Case("TRANSPOSE_CONV", "no bias", [[1, 8, 8, 2], weights(2, 2, 2, 3), Random((1, 4, 4, 3))], _TWO, ("int8",)),
    Case(
        "TRANSPOSE_CONV",
        "relu",
        [[1, 7, 8, 2], weights(2, 4, 4, 3), Random((1, 4, 4, 3)), weights(2)],
        {**_TWO, "fused_activation_function": Activation.RELU},
        ("int8",),
    ),
    Case(
        "TRANSPOSE_CONV",
        "stride above kernel",
        [[1, 8, 8, 2], weights(2, 1, 1, 3), Random((1, 4, 4, 3)), weights(2)],
        _TWO,
        ("int8",),
    ),
]
