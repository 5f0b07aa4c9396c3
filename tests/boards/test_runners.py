"""Flashing: the real tools as far as they go without a board, drives as folders, ports as pseudo-terminals."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rillet.boards import BoardError, Firmware, board_names, load_board, read_uf2
from rillet.boards.available import available_devices
from rillet.boards.elf import Segment
from rillet.boards.runners import TOOLS, Job, flash, flash_content, program_file, program_of, runners_of
from rillet.boards.runners.tool import run_tool
from rillet.boards.runners.tools import custom_tool
from rillet.devices import Device, Kind
from tests.boards.esp_rom import EspRom
from tests.boards.soc import Soc
from tests.boards.tools import Builder


@pytest.fixture
def drives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where drives are looked for: an empty folder, and nowhere else on this machine by these names."""
    monkeypatch.setenv("RILLET_DRIVES", str(tmp_path))
    return tmp_path


def need(name: str) -> None:
    """Skips the calling test where a flashing tool is missing."""
    try:
        program_of(TOOLS[name])
    except BoardError as missing:
        pytest.skip(str(missing))


def with_options(firmware: Firmware, runner: str, options: dict[str, Any]) -> Firmware:
    """The same program for a board that can be flashed by `runner`."""
    board = firmware.board
    more = replace(board, flash=replace(board.flash, options={**board.flash.options, runner: options}))
    return replace(firmware, board=more)


# What the real tools say without a board: our command line is understood, and their complaint is.
NO_BOARD = [
    ("nucleo-f446re", "openocd", None, "no debug probe answers: is nucleo-f446re connected"),
    ("nucleo-l4r5zi", "openocd", None, "no debug probe answers"),
    ("nucleo-h743zi", "openocd", None, "no debug probe answers"),
    ("nucleo-u575zi", "openocd", None, "no debug probe answers"),
    ("stm32f746g-disco", "openocd", None, "no debug probe answers"),
    ("rpi-pico", "openocd", None, "no debug probe answers"),
    ("microbit-v2", "openocd", None, "no debug probe answers"),
    ("nrf52840-dk", "openocd", None, "no debug probe answers"),
    ("nrf52840-dk", "pyocd", None, "no debug probe answers: is nrf52840-dk connected"),
    ("sparkfun-edge", "pyocd", None, "connect a debug probe to the board's 10-pin header"),
    ("nucleo-f446re", "st-flash", None, "no ST-Link answers: is nucleo-f446re connected"),
    ("netduinoplus2", "dfu-util", None, "no boot loader answers at USB 0483:df11"),
    ("esp32-c3-devkit", "esptool", "/dev/ttyUSB99", "cannot open /dev/ttyUSB99: is the board connected"),
    ("teensy41", "command", None, "press the board's button"),
]


@pytest.mark.parametrize(("name", "runner", "port", "text"), NO_BOARD)
def test_a_real_tool_without_a_board(built: Builder, name: str, runner: str, port: str | None, text: str) -> None:
    firmware = built(name)
    if runner == "command":
        options = firmware.board.flash.options[runner]
        words = [word for word in options["command"] if word != "-w"]  # which would wait for the board without limit
        if shutil.which(words[0]) is None:
            pytest.skip(f"{words[0]} is not installed")
        firmware = with_options(firmware, runner, {**options, "command": words})
    else:
        need(runner)
    with pytest.raises(BoardError) as raised:
        flash(firmware, runner, port)
    assert text in str(raised.value)
    said = str(raised.value).lower()
    assert "usage:" not in said and "unrecognized" not in said and "invalid command" not in said


@pytest.mark.parametrize(
    ("runner", "options", "text"),
    [
        ("avrdude", {"part": "m328p", "programmer": "arduino"}, "cannot open /dev/ttyACM99: is the board connected"),
        ("adb", {"folder": "/data/local/tmp"}, "no device answers: connect it, and allow USB debugging"),
        ("bossac", {"offset": 0x10000, "usb_ids": ["2341:805a"]}, "no boot loader answers at /dev/ttyACM99"),
    ],
)
def test_tools_of_no_board_here(built: Builder, runner: str, options: dict[str, Any], text: str) -> None:
    need(runner)
    firmware = built("mps2-an386")
    try:
        with pytest.raises(BoardError) as raised:
            job = Job(firmware, program_file(firmware, TOOLS[runner].file), 0, "/dev/ttyACM99", options)
            run_tool(TOOLS[runner], job)
        assert text in str(raised.value)
    finally:
        if runner == "adb":  # its server, which the command above has started
            subprocess.run([program_of(TOOLS[runner]), "kill-server"], check=False, capture_output=True)


def test_esptool_reads_what_we_make(built: Builder, tmp_path: Path) -> None:
    need("esptool")
    firmware = built("esp32-c3-devkit")
    file, merged = program_file(firmware, "bin"), tmp_path / "merged.bin"
    words = [program_of(TOOLS["esptool"]), "--chip", "esp32c3", "merge_bin", "-o", str(merged), "0x0", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert merged.read_bytes()[: file.stat().st_size] == file.read_bytes()


def test_a_program_is_written_and_starts(built: Builder) -> None:
    """The real esptool writes to the flash of a chip of ours, and the program boots from it."""
    pytest.importorskip("unicorn", reason="the unicorn package emulates the processor")
    need("esptool")
    firmware = built("esp32-c3-devkit")
    chip = EspRom()
    try:
        assert f"over {chip.url}" in flash(firmware, port=chip.url)
    finally:
        chip.close()
    with Device(Soc(firmware.board, [Segment(0, bytes(chip.flash))]), Kind("serial", timeout_s=30)) as device:
        assert device.info.board == "esp32-c3-devkit"


@pytest.mark.parametrize(
    ("chip", "text"),
    [
        ({"chip_id": 13}, "is no esp32c3: is this a esp32-c3-devkit?"),
        ({"unplugged_after": 0}, "broke off: esp32-c3-devkit may hold half a program; connect it again and repeat"),
    ],
)
def test_a_wrong_chip_and_a_pulled_cable(built: Builder, chip: dict[str, int], text: str) -> None:
    need("esptool")
    rom = EspRom(**chip)
    try:
        with pytest.raises(BoardError) as raised:
            flash(built("esp32-c3-devkit"), port=rom.url)
        assert text in str(raised.value)
    finally:
        rom.close()


def test_hex_files_are_what_objcopy_makes_of_the_program(built: Builder, tmp_path: Path) -> None:
    objcopy = shutil.which("arm-none-eabi-objcopy")
    if objcopy is None:
        pytest.skip("arm-none-eabi-objcopy is not installed")
    firmware = built("nrf52840-dk")
    back = tmp_path / "back.bin"
    subprocess.run([objcopy, "-I", "ihex", "-O", "binary", program_file(firmware, "hex"), back], check=True)
    whole = tmp_path / "whole.bin"
    subprocess.run([objcopy, "-O", "binary", "-j", ".text", "-j", ".image", firmware.path, whole], check=True)
    assert back.read_bytes() == program_file(firmware, "bin").read_bytes()
    assert back.read_bytes().startswith(whole.read_bytes())


def test_pyocd_knows_the_targets() -> None:
    need("pyocd")
    listed = subprocess.run(
        [program_of(TOOLS["pyocd"]), "list", "--targets"], capture_output=True, text=True, check=True
    ).stdout
    known = {line.split()[0] for line in listed.splitlines() if line.strip()}
    for name in board_names():
        options = load_board(name).flash.options.get("pyocd", {"pack": True})
        assert options["pack"] or options["target"] in known, name


def test_uf2_goes_to_its_drive(built: Builder, drives: Path) -> None:
    firmware = built("rpi-pico2")
    with pytest.raises(BoardError, match=r"no drive RP2350: hold the board's BOOTSEL button .*firmware\.uf2"):
        flash(firmware)
    (drives / "RP2350").mkdir()
    with pytest.raises(BoardError, match="no drive RP2350"):
        flash(firmware)  # a folder of that name without the boot loader's file
    (drives / "RP2350" / "INFO_UF2.TXT").write_text("UF2 Bootloader v1.0\nModel: Raspberry Pi RP2350\n")
    assert "restarts by itself" in flash(firmware)
    family, pieces = read_uf2((drives / "RP2350" / "firmware.uf2").read_bytes())
    assert family == 0xE48BFF59
    (content,) = flash_content(firmware.board, firmware.elf)
    assert pieces[0].data.startswith(content.data)
    pytest.importorskip("unicorn", reason="the unicorn package emulates the processor")
    with Device(Soc(firmware.board, pieces), Kind("serial", timeout_s=30)) as device:
        assert device.info.board == "rpi-pico2"


def test_hex_goes_to_the_debug_probes_drive(built: Builder, drives: Path) -> None:
    firmware = built("microbit-v2")
    (drives / "MICROBIT").mkdir()
    assert "copied firmware.hex" in flash(firmware)
    assert (drives / "MICROBIT" / "firmware.hex").read_bytes() == program_file(firmware, "hex").read_bytes()
    (drives / "MICROBIT" / "FAIL.TXT").write_text("error: The transfer timed out.\ntype: transient, user\n")
    with pytest.raises(BoardError, match="could not program it: error: The transfer timed out"):
        flash(firmware)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_drive_that_breaks_off(built: Builder, drives: Path) -> None:
    firmware = built("microbit-v2")
    (drives / "MICROBIT").mkdir()
    (drives / "MICROBIT" / "firmware.hex").symlink_to("/dev/full")
    with pytest.raises(BoardError, match=r"broke off \(No space left.*microbit-v2 may hold half a program"):
        flash(firmware)


def test_a_missing_tool_is_named_with_its_package(
    built: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firmware, esp = built("nucleo-f446re"), built("esp32-c3-devkit")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    for runner, text in {
        "openocd": "needs the program openocd, which is not installed: apt install openocd",
        "st-flash": "apt install stlink-tools",
        "pyocd": "pip install pyocd",
    }.items():
        with pytest.raises(BoardError, match=text):
            flash(firmware, runner)
    with pytest.raises(BoardError, match="pip install esptool, or apt install esptool"):
        flash(esp)
    with pytest.raises(BoardError, match="install teensy-loader-cli"):
        flash(replace(firmware, board=load_board("teensy41")))
    monkeypatch.setenv("RILLET_OPENOCD", "no-such-openocd")
    with pytest.raises(BoardError, match="RILLET_OPENOCD names no-such-openocd"):
        flash(firmware)
    arduino = tmp_path / ".arduino15/packages/arduino/tools/bossac/1.9.1-arduino2/bossac"
    arduino.parent.mkdir(parents=True)
    arduino.touch()
    assert program_of(TOOLS["bossac"]) == str(arduino)


def test_a_runner_that_does_not_fit(built: Builder) -> None:
    firmware = built("rpi-pico")
    with pytest.raises(BoardError, match=r"runner 'adb' does not fit rpi-pico; there are uf2, openocd, pyocd"):
        flash(firmware, "adb")
    with pytest.raises(BoardError, match=r"runner 'magic' is none that rillet knows, for rpi-pico"):
        flash(firmware, "magic")
    assert runners_of(load_board("microbit"))[0] == "emulator"
    assert "emulated" in flash(built("mps2-an386"))


def test_a_port_is_named_by_its_usb_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    port = Port("/dev/ttyACM3", "0d28:0204", "DAPLink CMSIS-DAP")
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [port])
    found = {device.spec: device.description for device in available_devices()}
    assert found["serial:/dev/ttyACM3"] == "DAPLink CMSIS-DAP; could be microbit, microbit-v2"


class Port:
    """What pyserial lists of a serial port."""

    def __init__(self, device: str, ids: str, description: str) -> None:
        self.device, self.description = device, description
        self.vid, self.pid = (int(part, 16) for part in ids.split(":"))


def test_ports_are_found_by_usb_identity(built: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    need("esptool")
    firmware = built("esp32-c3-devkit")
    listed: list[Port] = []
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: listed)
    with pytest.raises(
        BoardError, match=r"no serial port of the board \(10c4:ea60, 1a86:55d3, 1a86:7523\) is conn.*-p"
    ):
        flash(firmware)
    listed += [Port("/dev/ttyUSB98", "10c4:ea60", "CP2102N"), Port("/dev/ttyACM7", "0483:374b", "ST-Link")]
    with pytest.raises(BoardError, match="cannot open /dev/ttyUSB98"):
        flash(firmware)
    listed.append(Port("/dev/ttyUSB99", "1a86:7523", "CH340"))
    several = r"/dev/ttyUSB98 \(10c4:ea60 CP2102N\), /dev/ttyUSB99 \(1a86:7523 CH340\); name one, with -p /dev/ttyUSB98"
    with pytest.raises(BoardError, match=several):
        flash(firmware)


def test_the_touch_that_starts_arduinos_boot_loader(built: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a pseudo-terminal: opened at 1200 baud, then handed to the tool under the name that it comes back with."""
    need("bossac")
    near, far = os.openpty()
    name = os.ttyname(far)
    speeds: list[int] = []
    import serial

    real = serial.serial_for_url

    def spy(url: str, **options: Any) -> Any:
        speeds.append(options["baudrate"])
        return real(url, **options)

    monkeypatch.setattr("serial.serial_for_url", spy)
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [Port("/dev/ttyACM99", "2341:005a", "boot loader")])
    try:
        with pytest.raises(BoardError, match=r"no boot loader answers at /dev/ttyACM99; if no port is found, press"):
            flash(built("arduino-nano33-ble"), port=name)
    finally:
        os.close(near)
        os.close(far)
    assert speeds == [1200]


def test_a_command_of_the_boards_own(built: Builder, tmp_path: Path) -> None:
    firmware = built("mps2-an386")
    words = [sys.executable, "-c", "import sys; sys.exit(open(sys.argv[1], 'rb').read(4) != b'\\x7fELF')", "{elf}"]
    mine = with_options(firmware, "command", {"command": words, "package": ""})
    assert "has flashed" in flash(mine, "command")
    fails = with_options(
        firmware, "command", {"command": [sys.executable, "-c", "print('no'); exit(7)"], "package": ""}
    )
    with pytest.raises(BoardError, match=r"command failed \(status 7\)\n  command: no"):
        flash(fails, "command")
    assert custom_tool(["x", "{bin}"], "").file == "bin"
