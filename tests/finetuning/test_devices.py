"""Training over the wire: on a host process and on emulated microcontrollers, step for step as here."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest

import rillet
from rillet import finetune
from rillet.boards.board import BoardError
from rillet.boards.footprint import footprint_of
from rillet.boards.reach import device_of
from rillet.boards.target import build_target, prepare_target
from rillet.devices import RequestRefused
from rillet.finetune.backends import Here, There
from rillet.finetune.data import fitted
from rillet.finetune.training import accuracy
from rillet.flatbuffer import write_bytes
from rillet.ir import Model

from .models import blobs, integer_network, network, saved

needs_emulator = pytest.mark.skipif(
    not (shutil.which("arm-none-eabi-gcc") and shutil.which("qemu-system-arm")),
    reason="arm-none-eabi-gcc or qemu-system-arm is not installed",
)
BOARDS = ["host", pytest.param("mps2-an386", marks=needs_emulator)]


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize(("model", "train"), [(network, "all"), (integer_network, "last:2")])
def test_steps_are_equal_and_memory_is_as_planned(board: str, model: type[Model], train: str, tmp_path: Path) -> None:
    """Losses, outputs and variables bit for bit; arena, static memory and stack as `rillet plan` says."""
    data = write_bytes(finetune.prepare(model(), train, optimizer="momentum", learning_rate=0.02).model)
    samples = fitted(*blobs(12), data)
    target = prepare_target(data, board, "blobs")
    firmware = build_target(target, tmp_path)
    plan = footprint_of(target, firmware)
    here = Here(data, exact=True)
    with device_of(target, firmware) as device:
        there = There(device, target)
        for x, y in samples.batches(1, 0):
            wanted, found = (backend.run("train", {"x": x, "y": y}) for backend in (here, there))
            assert {k: v.tobytes() for k, v in wanted.items()} == {k: v.tobytes() for k, v in found.items()}
        wanted, found = (backend.run("save", {}) for backend in (here, there))
        assert {k: v.tobytes() for k, v in wanted.items()} == {k: v.tobytes() for k, v in found.items()}
        signatures, memory = device.signatures(), device.memory()
        device.reset()
        first = there.run("save", {})
    assert [s.name for s in signatures] == ["infer", "train", "save", "restore"]
    assert [s.arena_used for s in signatures] == [s.arena_bytes for s in plan.signatures]
    assert memory.arena_bytes == plan.arena_bytes == max(s.arena_used for s in signatures)
    if board != "host":
        assert memory.static_bytes == plan.static_bytes
        assert plan.stack_bound_bytes is not None and memory.stack_used <= plan.stack_bound_bytes
    for name, value in Here(data).run("save", {}).items():
        np.testing.assert_array_equal(first[name], value)


def test_one_arena_serves_all_signatures(tmp_path: Path) -> None:
    """What a signature needs beside the variables is not added up."""
    data = write_bytes(finetune.prepare(network(), "all").model)
    target = prepare_target(data, "mps2-an386")
    arenas = {key: plan.arena_bytes for key, plan in target.plans.items()}
    places = [{v.name: v.arena_offset for v in plan.variables} for plan in target.plans.values()]
    assert target.arena_bytes == arenas["train"] == max(arenas.values())
    assert all(place[name] == places[1][name] for place in places for name in place)


def test_a_signature_that_is_not_there(tmp_path: Path) -> None:
    target = prepare_target(write_bytes(finetune.prepare(network(), "last:1").model), "host")
    with device_of(target, build_target(target, tmp_path)) as device:
        with pytest.raises(RequestRefused):
            device.select(4)
        assert device.select(2).name == "save" and len(device.outputs) == 2


@needs_emulator
def test_digits_learn_two_new_classes_on_a_microcontroller(tmp_path: Path) -> None:
    """examples/digits/finetune.py: 8 and 9 are new; the model is int8, its last two layers train, on a Cortex-M4."""
    from .digits import first_model, samples

    x, y, test_x, test_y = samples(new=50, old=12)
    model = rillet.convert(first_model(epochs=15), recipe="static_wi8_ai8", calibration=x[-60:])
    trainable = saved(finetune.prepare(model, "last:2", learning_rate=0.02).model, tmp_path)
    path = tmp_path / "c.ck"
    is_new = test_y >= 8
    result = finetune.run(trainable, (x, y), board="mps2-an386", epochs=3, checkpoint=path)
    data = trainable.read_bytes()
    here = Here(data, exact=True)

    def accuracies() -> list[float]:
        sides = [fitted(test_x[side], test_y[side], data) for side in (is_new, ~is_new)]
        return [accuracy(here, side) or 0.0 for side in sides]

    new, old = accuracies()
    assert new == 0.0 and old > 0.97
    here.run("restore", finetune.load_checkpoint(path, data, here.run("save", {})).variables)
    new_after, old_after = accuracies()
    assert result.device == "mps2-an386" and result.steps == 588
    assert new_after >= 0.9 and old_after >= old - 0.08


def test_serial_lines_reach_a_device_that_was_flashed(tmp_path: Path) -> None:
    """The program behind a socket, as an emulated UART is; a device that runs another file is refused."""
    trainable = saved(finetune.prepare(network(), "last:1", learning_rate=0.05).model, tmp_path)
    other = saved(finetune.prepare(network(seed=2), "last:1").model, tmp_path, "other.tflite")
    firmware = build_target(prepare_target(trainable, "host"), tmp_path)
    for path, said in ((trainable, ""), (other, "flash it first")):
        with socket.create_server(("127.0.0.1", 0)) as server:
            spec = f"serial:socket://127.0.0.1:{server.getsockname()[1]}"
            thread = threading.Thread(target=_serve, args=(server, firmware.path))
            thread.start()
            if said:
                with pytest.raises(BoardError, match=said):
                    finetune.run(path, blobs(10), device=spec, board="host")
            else:
                result = finetune.run(path, blobs(10), device=spec, board="host")
                assert result.steps == 10 and result.device == "host"
            thread.join(timeout=10)


def _serve(server: socket.socket, program: Path) -> None:
    connection, _ = server.accept()
    with connection, subprocess.Popen([program], stdin=connection.fileno(), stdout=connection.fileno()) as process:
        process.wait()
