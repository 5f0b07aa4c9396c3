"""Real models on emulated boards: the same bits as on this machine, and the sizes that were promised."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rillet.boards import BoardError, Firmware, open_firmware
from rillet.boards.target import Target, build_target, prepare_target
from rillet.runtime import Plan, Session, _native
from tests.boards.tools import TINY, need_tools
from tests.zoo import zoo


@pytest.mark.parametrize("board", ["mps2-an386", "mps3-an547"])
@pytest.mark.parametrize("name", TINY)
def test_mlperf_tiny_on_the_emulated_m4_and_m55(name: str, board: str, tmp_path: Path) -> None:
    _check(name, board, tmp_path, inputs=2)


@pytest.mark.parametrize("board", ["mps2-an385", "mps2-an500", "mps2-an505", "riscv32-virt"])
def test_a_model_on_every_core(board: str, tmp_path: Path) -> None:
    _check("dscnn", board, tmp_path, inputs=1)


def test_a_model_on_the_smallest_core(tmp_path: Path) -> None:
    """The wake-word model leaves 1.5 KiB of the micro:bit's 16 KiB."""
    firmware = _check("wakeword", "microbit", tmp_path, inputs=1)
    ram = next(r for r in firmware.regions if r.name == "ram")
    assert ram.used < ram.total == 16384


@pytest.mark.parametrize(
    ("model", "board", "text"),
    [
        ("vww", "microbit", r"does not fit microbit: arena \d+ of 16384 bytes in region 'ram'"),
        ("ad", "microbit", r"does not fit microbit: model \d+ of 262144 bytes in region 'flash'"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_numbers(model: str, board: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=text):
        build_target(prepare_target(_path(model), board), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("model", TINY)
def test_models_fit_the_pico(model: str, tmp_path: Path) -> None:
    need_tools("rpi-pico")
    firmware = build_target(prepare_target(_path(model), "rpi-pico"), tmp_path)
    assert all(r.used <= r.total for r in firmware.regions)


def _check(name: str, board: str, folder: Path, inputs: int) -> Firmware:
    need_tools(board)
    target = prepare_target(_path(name), board)
    firmware = build_target(target, folder)
    host = Session(Plan(target.data))
    with open_firmware(firmware) as device:
        for seed in range(inputs):
            here = _run_here(host, seed)
            for index, value in enumerate(_random_inputs(host, seed)):
                device.set_input(index, value)
            spent = device.run()
            for index, value in enumerate(here):
                np.testing.assert_array_equal(device.output(index), value)
        assert spent.unit == "instructions"
        _check_sizes(target, firmware, device.memory())
    return firmware


def _check_sizes(target: Target, firmware: Firmware, memory: Any) -> None:
    sizes = firmware.sizes
    assert memory.arena_used == memory.arena_bytes == sizes.arena == target.plan.arena_bytes
    assert memory.static_bytes == sizes.static
    assert memory.stack_bytes == sizes.stack
    assert sizes.image == len(target.plan.image)
    assert sizes.stack_bound is not None
    assert memory.stack_used <= sizes.stack_bound.bytes <= memory.stack_used + 300


def _random_inputs(host: Session, seed: int) -> list[NDArray[Any]]:
    random = np.random.default_rng(seed)
    return [random.integers(-128, 128, view.shape).astype(view.dtype) for view in host.inputs]


def _run_here(host: Session, seed: int) -> list[NDArray[Any]]:
    for view, value in zip(host.inputs, _random_inputs(host, seed), strict=True):
        view[...] = value
    host.invoke()
    return [np.array(view) for view in host.outputs]


def _path(name: str) -> Path:
    return zoo(TINY[name])


def test_a_library_older_than_the_kernels_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = prepare_target(_path("ad"), "mps2-an386")
    old = tmp_path / "old"
    old.write_bytes(b"")
    os.utime(old, (0, 0))
    monkeypatch.setattr(_native, "__file__", str(old))
    with pytest.raises(BoardError, match="newer than the C library"):
        build_target(target, tmp_path / "out")
