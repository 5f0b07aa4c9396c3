"""Finding boards: those that come with rillet, those of installed packages, and the user's own."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from .board import Board, BoardError, parse_board

ENTRY_POINT_GROUP = "rillet.boards"
FOLDERS_VARIABLE = "RILLET_BOARDS"


def board_names() -> list[str]:
    """Every board that can be called by its name."""
    return sorted(_files())


def load_board(name: str) -> Board:
    """The board of that name, or from that board.toml or folder that holds one.

    Names are looked for in the folders that the environment variable RILLET_BOARDS lists, then among rillet's own, then
    in packages with an entry point of group `rillet.boards` (a module whose folder holds a folder for each board).

    Raises:
        BoardError: no such board, or its file is wrong; the text names file and key.
    """
    path = Path(name)
    if path.suffix == ".toml" or (path / "board.toml").is_file():
        path = path / "board.toml" if path.is_dir() else path
        try:
            return parse_board(path.read_text("utf-8"), path.resolve().parent.name, str(path))
        except OSError as problem:
            raise BoardError(f"cannot read {path}: {problem.strerror}") from problem
    files = _files()
    if name not in files:
        near = difflib.get_close_matches(name, files, 1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        listed = ", ".join(sorted(files))
        raise BoardError(f"no board '{name}'{hint}; there are {listed}, or give the path of a board.toml")
    return _parsed(name, files[name].read_text("utf-8"), str(files[name]))


def board_with_core(core: str) -> Board:
    """A board that has this core, for its compiler, flags and instruction sets.

    Raises:
        BoardError: no board has it; the text names those that there are.
    """
    boards = [load_board(name) for name in board_names()]
    found = next((board for board in boards if board.core == core), None)
    if found is None:
        raise BoardError(f"no core '{core}'; there are {', '.join(sorted({board.core for board in boards}))}")
    return found


@lru_cache(maxsize=256)
def _parsed(name: str, text: str, source: str) -> Board:
    return parse_board(text, name, source)


def _files() -> dict[str, Any]:
    """The board.toml of each name; of two boards with one name, the first found."""
    found: dict[str, Any] = {}
    for folder in _folders():
        for entry in sorted(folder.iterdir(), key=lambda e: str(e.name)):
            if entry.is_dir() and (entry / "board.toml").is_file():
                found.setdefault(entry.name, entry / "board.toml")
    return found


def _folders() -> Iterator[Any]:
    for text in filter(None, os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)):
        if not Path(text).is_dir():
            raise BoardError(f"the variable {FOLDERS_VARIABLE} lists '{text}', which is not a folder")
        yield Path(text)
    yield resources.files(__package__)
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        try:
            yield resources.files(entry.value)
        except Exception as problem:
            raise BoardError(f"the package that provides boards '{entry.name}' is broken: {problem}") from problem
