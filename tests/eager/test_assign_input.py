"""A function that assigns its argument as it is: the argument wins, wherever the variable's value was before."""

from __future__ import annotations

import numpy as np

import rillet


def test_an_argument_is_assigned_over_a_value_from_elsewhere() -> None:
    variable = rillet.Variable(np.zeros(4, np.float32))

    @rillet.function
    def assign(x: rillet.Tensor) -> None:
        variable.assign(x)

    for value in (5, 6):
        variable.assign(np.full(4, 9, np.float32))
        assign(np.full(4, value, np.float32))
        np.testing.assert_array_equal(variable.numpy(), np.full(4, value, np.float32))
