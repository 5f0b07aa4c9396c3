"""A board at the far end of a line that is wrong or breaks: what is said, and that the board is still usable."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rillet.boards import BoardError, board_names, build, load_board, open_firmware
from rillet.boards.fitting import boards_with_room
from rillet.boards.monitor import watch_device
from rillet.boards.reach import reach
from rillet.boards.runner import open_options
from rillet.boards.target import prepare_target
from rillet.devices import Device, Kind, LinkError, LinkGone, SerialStream
from tests.boards.random_ops import draw, model_of
from tests.boards.tools import need_tools
from tests.devices.images import ARENA_BYTES, image_without_steps
from tests.kernels.test_isa_equality import fully_connected

BOARD = "netduinoplus2"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An emulated board whose UART is a socket that may be left and entered again, as a plug may."""
    need_tools(BOARD)
    board = load_board(BOARD)
    firmware = build(image_without_steps(), [], board, tmp_path_factory.mktemp("line"), model_name="by hand")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serial = f"tcp:127.0.0.1:{port},server=on,wait=off"
    words = [serial if w == "stdio" else w for w in open_options(board, firmware.path).program]
    emulator = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"socket://127.0.0.1:{port}"
    finally:
        emulator.kill()
        emulator.wait()


class Pulled(SerialStream):
    """A line that is pulled out after so many writes."""

    def __init__(self, url: str, writes: int) -> None:
        super().__init__(url, 115200)
        self._left = writes

    def write(self, data: bytes) -> None:
        self._left -= 1
        if self._left < 0:
            self._port.close()
        super().write(data)


def test_a_cable_pulled_in_the_middle_of_a_transfer(line: str) -> None:
    data = np.random.default_rng(3).bytes(ARENA_BYTES)
    device = Device(Pulled(line, writes=6), Kind("serial"))
    with device, pytest.raises(LinkGone, match=r"is gone .*connect it again and repeat"):
        device.write(0, data)
    with Device(SerialStream(line, 115200), Kind("serial")) as again:
        again.write(0, data)
        assert again.read(0, ARENA_BYTES) == data


def test_another_board_than_named(line: str) -> None:
    with pytest.raises(
        BoardError, match=r"what answers is a netduinoplus2 \(cortex-m4f\), not a rpi-pico \(cortex-m0\+\)"
    ):
        next(watch_device("rpi-pico", line.removeprefix("serial:"), forever=False))
    assert next(watch_device(BOARD, line, forever=False)).info.model == "by hand"
    target = prepare_target(model_of([draw(fully_connected, 1)]), "nucleo-f446re", "small")
    refused = pytest.raises(BoardError, match="give its name with -b netduinoplus2, or connect the right board")
    with refused, reach(target, f"serial:{line}"):
        pass
    other = prepare_target(model_of([draw(fully_connected, 1)]), BOARD, "small")
    refused = pytest.raises(BoardError, match=r"runs model 'by hand' .* not this one .*flash it first, `rillet flash")
    with refused, reach(other, f"serial:{line}"):
        pass


def test_a_board_that_does_not_answer() -> None:
    near, far = os.openpty()
    try:
        with pytest.raises(LinkError, match="is the device connected, running rillet firmware, and at the right baud"):
            Device(SerialStream(os.ttyname(far), 115200), Kind("serial", timeout_s=0.02), start_timeout_s=0.1)
    finally:
        os.close(near)
        os.close(far)


def test_a_model_that_fits_other_boards(tmp_path: Path) -> None:
    found = boards_with_room(load_board("microbit"), {"model": 100_000, "arena": 150_000})
    assert len(found) == 4 and "microbit" not in found and "host" not in found
    assert set(found) <= set(board_names())
    assert boards_with_room(load_board("microbit"), {"model": 1 << 30}) == []
    with pytest.raises(BoardError, match="no board 'nucleo-f446'; did you mean 'nucleo-f446re'"):
        load_board("nucleo-f446")


def test_a_program_that_does_not_start(tmp_path: Path) -> None:
    """Flash that was erased but not written: the emulated processor locks up, and the line says nothing."""
    need_tools("mps2-an386")
    firmware = build(image_without_steps(), [], load_board("mps2-an386"), tmp_path)
    text = firmware.elf.section(".text")
    assert text is not None
    data = bytearray(firmware.path.read_bytes())
    data[text.offset : text.offset + text.size] = b"\xff" * text.size
    firmware.path.write_bytes(data)
    with pytest.raises(LinkError, match=r"ended|no answer"):
        open_firmware(firmware)
