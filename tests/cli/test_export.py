"""`rillet build --export`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .conftest import Rillet

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")


def test_export(rillet: Rillet, digits: Path) -> None:
    done = rillet("build", digits, "--core", "native", "--name", "Digits!", "--export", "c", "--json").json
    assert done["name"] == "digits" and done["kept"] is None
    assert all((Path("c") / file).is_file() for file in done["files"])
    printed = rillet("build", digits, "--board", "host", "--export", "c").out
    assert "header src/digits_int8.h" in printed and not Path("c/src/digits.h").exists()
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--export", "c"], "--board BOARD, or --core CORE with --export"),
        (["--board", "host", "--core", "native", "--export", "c"], "--board BOARD, or --core CORE with --export"),
        (["--core", "native"], "--core goes with --export DIR"),
        (["--board", "host", "--force"], "--force goes with --export DIR"),
        (["--core", "z80", "--export", "c"], "no core 'z80'; there are cortex-m0"),
        (["--core", "native", "--export", "file"], "'file' is a file"),
        (["--core", "native", "--export", "mine"], "did not write (notes.txt)"),
    ],
)
def test_what_is_refused(arguments: list[str], text: str, rillet: Rillet, digits: Path) -> None:
    Path("file").write_text("")
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("mine")
    done = rillet("build", digits, *arguments)
    assert done.status != 0 and text in done.err
    assert Path("mine/notes.txt").read_text() == "mine" and not Path("c").exists()


def test_force_moves_what_was_there(rillet: Rillet, digits: Path) -> None:
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("mine")
    done = rillet("build", digits, "--core", "native", "--export", "mine", "--force")
    assert "mine.before-1" in done.err and Path("mine.before-1/notes.txt").is_file()
    assert Path("mine/src/digits_int8.h").is_file()
