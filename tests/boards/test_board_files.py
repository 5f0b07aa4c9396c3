"""board.toml: what comes with rillet is right, and what is wrong is named by file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from rillet.boards import BoardError, board_names, load_board
from rillet.boards.board import parse_board, runner_names
from rillet.boards.schema import board_schema, described

GOOD = """
description = "a board"
core = "cortex-m4f"
clock_hz = 1_000_000
[build]
toolchain = "arm-none-eabi"
flags = ["-mcpu=cortex-m4"]
start = "cortex_m"
[memory]
code = "rom"
data = "ram"
[memory.regions.rom]
address = 0
bytes = 0x1000
kind = "flash"
[memory.regions.ram]
address = 0x2000_0000
bytes = 0x1000
[uart]
kind = "cmsdk"
address = 0x4000_4000
clock_hz = 1_000_000
[ticks]
kind = "cmsdk_timer"
[flash]
runner = "command"
[flash.command]
command = ["flasher", "{elf}"]
"""


def test_boards_of_the_package_load() -> None:
    names = board_names()
    assert {"mps2-an386", "mps3-an547", "riscv32-virt", "rpi-pico", "host"} <= set(names)
    for name in names:
        board = load_board(name)
        assert board.name == name
        assert "scalar" in board.isa


def test_a_board_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "board.toml").write_text(GOOD)
    for spelling in (tmp_path / "mine", tmp_path / "mine" / "board.toml"):
        board = load_board(str(spelling))
        assert board.name == "mine"
        assert board.memory is not None
        assert board.memory.image.name == "rom"
        assert board.memory.arena.name == "ram"
        assert board.instructions_per_tick is None


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('core = "cortex-m4f"', "", "x.toml: core: missing; it must be a string"),
        ('core = "cortex-m4f"', "core = 4", "x.toml: core: must be a string, not 4"),
        ("clock_hz = 1_000_000\n[build]", "clock_hz = -1\n[build]", "x.toml: clock_hz: must be from 0"),
        ("[ticks]", "[tics]", "x.toml: tics: unknown key; did you mean 'ticks'?; known here are"),
        ('[ticks]\nkind = "cmsdk_timer"', "", "x.toml: ticks: missing; it must be a table"),
        ('kind = "cmsdk_timer"', 'kind = "cmsdk_timer"\nspeed = 3', "x.toml: ticks.speed: unknown key"),
        ('start = "cortex_m"', 'start = "cortex_m"\nisas = []', "x.toml: build.isas: unknown key; did you mean 'isa'?"),
        ('flags = ["-mcpu=cortex-m4"]', "flags = [1]", "x.toml: build.flags: must be a list of strings"),
        ("[memory]\n", "frame_body_bytes = 255\n[memory]\n", "x.toml: build.frame_body_bytes: must be from 256"),
        ('data = "ram"', 'data = "sram"', "x.toml: memory.data: 'sram' is none of rom, ram"),
        ('data = "ram"', 'data = "rom"', "memory.data: region 'rom' is flash"),
        ('data = "ram"', 'data = "ram"\nstack_bytes = 1001', "memory.stack_bytes: must be a multiple of 16"),
        ("address = 0x2000_0000", "address = 0x800", "memory.regions.ram.address: overlaps region 'rom'"),
        ("address = 0x2000_0000", "address = 0xffff_fff0", "memory.regions.ram.bytes: the region ends beyond 32 bits"),
        ('kind = "flash"', 'kind = "tape"', "memory.regions.rom.kind: 'tape' is none of ram, flash"),
        ('runner = "command"', 'runner = "emulator"', "flash.runner is 'emulator', but there is no [emulator]"),
        ('runner = "command"', 'runner = "magic"', "flash.runner: 'magic' is none of emulator, uf2, "),
        ('runner = "command"', 'runner = "pyocd"', "flash.pyocd: missing; runner 'pyocd' needs this table"),
        ("[flash.command]", "[flash.comand]", "flash.comand: unknown key; did you mean 'command'?"),
        ("[ticks]", 'usb_ids = ["2E8A:4"]\n[ticks]', "uart.usb_ids: '2E8A:4' does not have the form"),
        ('core = "cortex-m4f"', 'core = "cortex-m4f"\ntried = "hardwear"', "tried: 'hardwear' is none of hardware, "),
        ("[flash]\n", '[emulator]\ncommand = ["qemu"]\n[flash]\n', "emulator.command: no word holds {program}"),
        ("[flash]\n", "[flash\n", "x.toml: not valid TOML"),
    ],
)
def test_errors_name_file_and_key(old: str, new: str, text: str) -> None:
    assert old in GOOD
    with pytest.raises(BoardError) as raised:
        parse_board(GOOD.replace(old, new), "x", "x.toml")
    assert text in str(raised.value)


def test_boards_in_folders_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("mine", "rpi-pico"):
        (tmp_path / "boards" / name).mkdir(parents=True)
        (tmp_path / "boards" / name / "board.toml").write_text(GOOD)
    monkeypatch.setenv("RILLET_BOARDS", str(tmp_path / "boards"))
    assert load_board("mine").description == load_board("rpi-pico").description == "a board"
    assert "mps2-an386" in board_names()
    monkeypatch.setenv("RILLET_BOARDS", str(tmp_path / "nowhere"))
    with pytest.raises(BoardError, match=r"RILLET_BOARDS lists '.*nowhere', which is not a folder"):
        board_names()


def test_boards_of_an_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package, info = tmp_path / "acme_boards", tmp_path / "acme_boards-1.dist-info"
    for name, text in (("acme-one", GOOD), ("rpi-pico", "broken")):  # rillet's own cannot be replaced by a package
        (package / name).mkdir(parents=True)
        (package / name / "board.toml").write_text(text)
    (package / "__init__.py").touch()
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-boards\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[rillet.boards]\nacme = acme_boards\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_board("acme-one").name == "acme-one"
    assert load_board("rpi-pico").core == "cortex-m0+"
    (info / "entry_points.txt").write_text("[rillet.boards]\nacme = acme_bards\n")
    with pytest.raises(BoardError, match="the package that provides boards 'acme' is broken"):
        board_names()


def test_what_is_written_down_covers_every_board_and_runner() -> None:
    text = (Path(__file__).parents[2] / "docs" / "boards.md").read_text("utf-8")
    assert [name for name in (*board_names(), *runner_names()) if f"`{name}`" not in text and name != "emulator"] == []
    keys = {key for key, _, _ in described()}
    assert {"core", "memory.regions.<name>.bytes", "flash.openocd.files", "[uart]"} <= keys
    schema = board_schema()
    assert set(schema["properties"]) == {"description", "core", "clock_hz", "tried"} | {
        key[1:-1] for key in keys if key.startswith("[") and "." not in key
    } | {"build", "emulator"}


def test_an_unknown_board_lists_those_there_are() -> None:
    with pytest.raises(BoardError, match=r"no board 'mps2'; there are .*mps2-an386"):
        load_board("mps2")
    with pytest.raises(BoardError, match="cannot read"):
        load_board("nowhere/board.toml")
