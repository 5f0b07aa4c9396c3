"""A flashing tool as data, and running it: what it is called, what it takes, what its complaints mean."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

from ..board import BoardError
from ..firmware import Firmware

_LIMIT_S = 600
_TOLD_LINES = 12


@dataclass(frozen=True)
class Job:
    """One flashing: `file` of the kind that the tool takes, `address` of its first byte (0 for a file that says so
    itself), `port` (serial; "" where the tool needs none), `options` of the board for this tool."""

    firmware: Firmware
    file: Path
    address: int
    port: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Tool:
    """A program that writes flash.

    Attributes:
        programs: its names, in order of preference; also_in: patterns of paths where its makers put it.
        install: how to get it.
        file: what it takes: "elf", "hex" or "bin".
        serial: whether it talks over a serial port; touch: that port is first opened at 1200 baud, for which a board's
            running program makes way for its boot loader.
        commands: its command lines without the program's name.
        complaints: (pattern in its output, what that means for the user), the first that matches is told. {port},
            {board}, {note} and the board's options for the tool stand for what they say.
    """

    name: str
    programs: tuple[str, ...]
    install: str
    file: str
    commands: Callable[[Job], list[list[str]]]
    serial: bool = False
    touch: bool = False
    also_in: tuple[str, ...] = ()
    complaints: tuple[tuple[str, str], ...] = ()


def program_of(tool: Tool) -> str:
    """The tool's program: as the variable RILLET_<NAME> says, on PATH, beside this Python, or where its makers put it.

    Raises:
        BoardError: there is none; the text names the package.
    """
    variable = "RILLET_" + tool.name.upper().replace("-", "_")
    own = os.environ.get(variable)
    if own:
        found = shutil.which(own)
        if found is None:
            raise BoardError(f"{variable} names {own}, which is not an executable program")
        return found
    beside = str(Path(sys.executable).parent)
    for name in tool.programs:
        found = shutil.which(name) or shutil.which(name, path=beside)
        if found is not None:
            return found
    for pattern in tool.also_in:
        places = sorted(glob(os.path.expanduser(pattern)))
        if places:
            return places[-1]
    raise BoardError(
        f"runner '{tool.name}' needs the program {tool.programs[0]}, which is not installed: {tool.install}; "
        f"or name yours in the variable {variable}"
    )


def run_tool(tool: Tool, job: Job) -> None:
    """Runs the tool's commands, one after the other.

    Raises:
        BoardError: it is not installed, or it fails; the text says what that means, and what the tool said.
    """
    program = program_of(tool)
    for words in tool.commands(job):
        code, said = _run([program, *words])
        if code != 0:
            raise BoardError(_explained(tool, job, code, said))


def _run(words: Sequence[str]) -> tuple[int, str]:
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=_LIMIT_S,
        )
    except subprocess.TimeoutExpired as stuck:
        raise BoardError(f"{words[0]} has not finished within {_LIMIT_S // 60} minutes and was stopped") from stuck
    except OSError as problem:
        raise BoardError(f"cannot run {words[0]}: {problem.strerror}") from problem
    return done.returncode, done.stdout


def _explained(tool: Tool, job: Job, code: int, said: str) -> str:
    board = job.firmware.board
    note = f"; {board.flash.note}" if board.flash.note else ""
    values = {**job.options, "port": job.port, "board": board.name, "note": note}
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", said) if line.strip()]
    told = "\n".join(f"  {tool.name}: {line}" for line in lines[-_TOLD_LINES:])
    for pattern, meaning in tool.complaints:
        if re.search(pattern, said, re.IGNORECASE):
            return f"{meaning.format(**values)}\n{told}"
    return f"{tool.name} failed (status {code}){note}\n{told}"
