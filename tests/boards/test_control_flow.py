"""IF and WHILE on an emulated board: jumps are followed by RUN and PROFILE."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.boards.reach import reach
from rillet.boards.target import prepare_target
from rillet.flatbuffer import write_bytes
from rillet.ir import Model
from rillet.runtime import Interpreter
from tests.boards.tools import need_tools
from tests.test_control_flow import choice, countdown, nested

BOARD = "mps2-an386"


@pytest.mark.parametrize("model", [countdown(), nested(), choice()], ids=["countdown", "nested", "choice"])
def test_loops_and_branches(model: Model) -> None:
    need_tools(BOARD)
    data = write_bytes(model)
    interpreter = Interpreter(model_content=data)
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details(), interpreter.get_output_details()
    rng = np.random.default_rng(0)
    rest = [rng.random(tuple(d["shape"])).astype(d["dtype"]) for d in taken[1:]]
    costs = []
    with reach(prepare_target(data, BOARD, "loops")) as device:
        for rounds in (0, 3, 1, 0):
            values = [np.full(tuple(taken[0]["shape"]), rounds, taken[0]["dtype"]), *rest]
            for index, (detail, value) in enumerate(zip(taken, values, strict=True)):
                interpreter.set_tensor(detail["index"], value)
                device.set_input(index, value)
            interpreter.invoke()
            costs.append(device.run().value)
            for index, detail in enumerate(given):
                np.testing.assert_allclose(device.output(index), interpreter.get_tensor(detail["index"]), rtol=1e-6)
            for index, value in enumerate(values):
                device.set_input(index, value)
            assert sum(d.value for d in device.profile()) == pytest.approx(costs[-1], rel=0.02, abs=10)
    assert costs[0] == pytest.approx(costs[3], abs=10)
    assert costs[1] > costs[0] and costs[2] != costs[1]
