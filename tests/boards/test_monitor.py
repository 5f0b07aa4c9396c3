"""What a device prints between frames, and its faults, as `rillet monitor --watch` shows them."""

from __future__ import annotations

import os
import pty
import time
import tty
from pathlib import Path

import pytest

from rillet.boards import BoardError, build, load_board, open_firmware
from rillet.boards import firmware as firmware_module
from rillet.boards.monitor import DeviceStatus, DeviceText, statuses, watch_device
from rillet.devices import DeviceFault, LinkError
from tests.boards.test_running import image_of
from tests.boards.tools import need_tools, sources_with

KERNELS = {
    "talk": """
    static const char text[] = "warming up\\r\\n42 degrees\\r\\n";
    (void)run, (void)params;
    port_write((const uint8_t *)text, sizeof text - 1);
    return RLT_OK;""",
    "fall": """
    (void)run, (void)params;
    (void)*(volatile uint32_t *)0x70000000u;
    return RLT_OK;""",
}


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the C sources with these kernels added."""
    root = sources_with(tmp_path, KERNELS)
    monkeypatch.setattr(firmware_module, "source_root", lambda: root)


@pytest.mark.usefixtures("sources")
def test_text_between_frames_and_a_fault(tmp_path: Path) -> None:
    board = load_board("mps2-an386")
    need_tools(board.name)
    firmware = build(image_of([(name, 0) for name in KERNELS], list(KERNELS)), list(KERNELS), board, tmp_path)
    with open_firmware(firmware) as device:
        device.run(0, 1)
        seen = statuses(device, board, forever=False, program=firmware.elf)
        assert [s.text for s in seen if isinstance(s, DeviceText)] == ["warming up", "42 degrees"]
        assert [type(s) for s in statuses(device, board, forever=False)] == [DeviceStatus]
        with pytest.raises(DeviceFault, match=r"bus error at this access.*accessed 0x70000000") as caught:
            device.run(1, 1)
        assert caught.value.fault.address == 0x70000000
        assert firmware.elf.function_at(caught.value.fault.pc) == "rlt_fall"


def test_a_silent_port_is_given_up_soon() -> None:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    begin = time.monotonic()
    with pytest.raises(LinkError, match=r"nothing answers within .* right baud rate"):
        next(watch_device(None, os.ttyname(theirs), forever=True))
    assert time.monotonic() - begin < 6
    os.close(ours)
    os.close(theirs)


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "firmware.elf").write_bytes(b"nothing")
    with pytest.raises(BoardError, match=r"cannot read the firmware .*not a little-endian ELF"):
        next(watch_device(None, "/dev/null", forever=False, program=tmp_path / "firmware.elf"))
