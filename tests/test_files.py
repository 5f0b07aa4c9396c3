"""Files are whole or not there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rillet.ir import RilletError, VerifyError, replacing


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new" and names(tmp_path) == ["f"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_nothing_is_left_of_a_failure(failure: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    with pytest.raises(failure), replacing(path) as file:
        file.write(b"half")
        raise failure
    assert path.read_bytes() == b"old" and names(tmp_path) == ["f"]


@pytest.mark.parametrize("place", ["none/f", "file/f", "folder"])
def test_the_error_says_which_file_and_why(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(VerifyError, match=rf"^cannot write '.*{place}': \w+"), replacing(tmp_path / place, VerifyError):
        pass
    assert names(tmp_path) == ["file", "folder"]


def test_two_writers_at_once(tmp_path: Path) -> None:
    path = tmp_path / "f"
    with replacing(path) as first, replacing(path) as second:
        first.write(b"first")
        second.write(b"second")
    assert path.read_bytes() == b"first" and names(tmp_path) == ["f"]  # who ends last


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        with replacing(tmp_path / "f"):
            pass
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o640


def test_a_long_name(tmp_path: Path) -> None:
    with replacing(tmp_path / ("f" * 255)):
        pass
    with pytest.raises(RilletError, match="too long"), replacing(tmp_path / ("f" * 256)):
        pass
    assert names(tmp_path) == ["f" * 255]
