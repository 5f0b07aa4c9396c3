"""A limit of RAM: layers run in patches so that the model fits, with the same bits on the device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rillet.boards import BoardError, open_firmware
from rillet.boards.target import build_target, prepare_target, save_patched
from rillet.flatbuffer import write_bytes
from rillet.ir import Model
from rillet.ops.builder import GraphBuilder
from rillet.runtime import Plan, Session
from tests.boards.tools import TINY, need_tools
from tests.zoo import zoo

PERSON = "models/tflite_micro/person_detect.tflite"
MOBILENET = "models/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite"


def run(data: bytes, seed: int = 0) -> tuple[list[Any], list[Any]]:
    session = Session(Plan(data))
    rng = np.random.default_rng(seed)
    arrays = []
    for view in session.inputs:
        limits = np.iinfo(view.dtype)
        arrays.append(rng.integers(limits.min, limits.max + 1, view.shape).astype(view.dtype))
        view[...] = arrays[-1]
    session.invoke()
    return arrays, [np.array(view) for view in session.outputs]


@pytest.mark.parametrize(
    ("name", "ram", "most_macs"),
    [(PERSON, 32768, 3.2), (TINY["vww"], 40960, 5.0), (MOBILENET, 512 << 10, 1.0)],
)
def test_real_models_fit_into_less(name: str, ram: int, most_macs: float) -> None:
    path = zoo(name)
    need_tools("mps2-an386")
    whole, fitted = prepare_target(path, "mps2-an386"), prepare_target(path, "mps2-an386", ram=ram)
    assert fitted.fitting is not None and fitted.fitting.layers
    assert fitted.arena_bytes == fitted.fitting.arena_after <= fitted.fitting.limit < ram < whole.arena_bytes
    assert fitted.fitting.extra_macs_percent <= most_macs
    for got, wanted in zip(run(fitted.data)[1], run(whole.data)[1], strict=True):
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize(("name", "board", "ram"), [("vww", "mps2-an386", 40960), ("vww", "mps3-an547", 40000)])
def test_the_device_gives_the_same_bits(name: str, board: str, ram: int, tmp_path: Path) -> None:
    path = zoo(TINY[name])
    need_tools(board)
    target = prepare_target(path, board, ram=ram)
    firmware = build_target(target, tmp_path)
    assert firmware.sizes.ram <= ram
    (saved,) = save_patched(target, tmp_path)
    assert saved.read_bytes() == target.data
    arrays, (wanted,) = run(prepare_target(path, board).data)
    with open_firmware(firmware) as device:
        device.set_input(0, arrays[0])
        device.run()
        np.testing.assert_array_equal(device.output(0), wanted)


def test_a_model_that_fits_stays_as_it_is() -> None:
    path = zoo(TINY["vww"])
    target = prepare_target(path, "host", ram=1 << 20)
    assert target.fitting is not None and not target.fitting.layers
    assert target.data == path.read_bytes()


def test_too_little_is_refused_with_what_would_do() -> None:
    path = zoo(TINY["vww"])
    with pytest.raises(BoardError, match=r"needs [\d,]+ bytes of arena, 20,000 are left.*the input alone takes 27,648"):
        prepare_target(path, "host", ram=20_000)


def test_several_inputs_cannot_run_in_patches() -> None:
    builder = GraphBuilder()
    shape = (1, 16, 16, 8)
    builder.output(builder.op("ADD", [builder.input("a", shape), builder.input("b", shape)]), "y")
    with pytest.raises(
        BoardError, match=r"needs 16,384 bytes of arena, 4,000 are left; its layers cannot run in patches"
    ):
        prepare_target(write_bytes(Model([builder.graph])), "host", ram=4_000)
