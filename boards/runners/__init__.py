"""Getting a built program onto its board, by the board's own runner or another that fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..board import Board, BoardError, runner_names
from ..firmware import Firmware
from .drives import copy_hex, copy_uf2
from .files import flash_content, program_file
from .ports import flash_port, touch
from .tool import Job, Tool, program_of, run_tool
from .tools import TOOLS, custom_tool

__all__ = ["TOOLS", "Job", "Tool", "flash", "flash_content", "program_file", "program_of", "runners_of"]


def runners_of(board: Board) -> list[str]:
    """The runners that can flash a board, its own first."""
    return list(dict.fromkeys([board.flash.runner, *board.flash.options]))


def flash(firmware: Firmware, runner: str | None = None, port: str | None = None) -> str:
    """Puts the program onto the board; a sentence that says what was done.

    For an emulated board there is nothing to do: opening the device starts it.

    Args:
        runner: one of `runners_of` the board; None for its own.
        port: serial port for runners that need one; None: found by USB identity.

    Raises:
        BoardError: the runner does not fit the board, its program is missing or fails, or the board is not there.
    """
    board = firmware.board
    chosen = runner or board.flash.runner
    if chosen not in runners_of(board):
        kind = "does not fit" if chosen in runner_names() else "is none that rillet knows, for"
        raise BoardError(f"runner '{chosen}' {kind} {board.name}; there are {', '.join(runners_of(board))}")
    if chosen == "emulator":
        return f"{board.name} is emulated: the program starts when the device is opened"
    if chosen in _DRIVES:
        return _DRIVES[chosen](firmware)
    options = board.flash.options[chosen]
    tool = custom_tool(options["command"], options["package"]) if chosen == "command" else TOOLS[chosen]
    program_of(tool)  # before the port is looked for: a missing tool is the first thing to know
    file = program_file(firmware, tool.file)
    at = _port_for(tool, options, board, port) if tool.serial else ""
    content = flash_content(board, firmware.elf) if board.memory else []
    run_tool(tool, Job(firmware, file, content[0].address if content else 0, at, options))
    return f"{tool.programs[0]} has flashed {file}{f' over {at}' if at else ''}"


def _port_for(tool: Tool, options: Mapping[str, Any], board: Board, port: str | None) -> str:
    usb_ids = options.get("usb_ids", board.usb_ids)
    found = flash_port(usb_ids, port)
    return touch(found, usb_ids) if tool.touch else found


_DRIVES: dict[str, Callable[[Firmware], str]] = {"uf2": copy_uf2, "drive": copy_hex}
