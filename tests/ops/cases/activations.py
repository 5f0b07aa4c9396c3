"""Cases of `rillet.ops.activations`."""

from ..case import Case, Random, weights

_X = Random((1, 4, 5, 6), -7, 8)

CASES = [
    Case("RELU", "plain", [_X], {}, ("int8", "uint8", "int16")),
    Case("RELU6", "plain", [_X], {}, ("int8", "uint8", "int16")),
    Case("RELU_N1_TO_1", "plain", [_X], {}, ("int8", "uint8")),
    Case("RELU_0_TO_1", "plain", [_X], {}, ("int8",)),
    Case("LOGISTIC", "plain", [_X], {}, ("int8", "uint8", "int16")),
    Case("LOGISTIC", "far", [Random((64,), -90, 90)], {}, ("int8", "int16")),
    Case("TANH", "plain", [Random((1, 4, 5, 6), -3, 3)], {}, ("int8", "uint8", "int16"), steps_int16=2),
    Case("HARD_SWISH", "plain", [_X], {}, ("int8", "uint8")),
    Case("HARD_SWISH", "narrow", [Random((3, 50), -2, 2)], {}, ("int8",)),
    Case("ELU", "plain", [_X], {}, ("int8",)),
    Case("LEAKY_RELU", "plain", [_X], {"alpha": 0.1}, ("int8", "uint8", "int16")),
    Case("LEAKY_RELU", "steep", [_X], {"alpha": 1.5}, ("int8",)),
    Case("LEAKY_RELU", "negative slope", [_X], {"alpha": -0.3}, ("int8", "int16")),
    Case("PRELU", "per channel", [_X, weights(1, 1, 6)], {}, ("int8", "uint8")),
    Case("PRELU", "whole", [_X, weights(4, 5, 6)], {}, ("int8",)),
    Case("GELU", "exact", [Random((3, 40), -4, 4)], {"approximate": False}, ("int8",)),
    Case("GELU", "tanh", [Random((3, 40), -4, 4)], {"approximate": True}, ("int8",)),
]
