"""Writing a folder of files as a whole, and replacing only what was written so before."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..board import BoardError

RECORD = "rillet.json"


def write_folder(folder: Path, texts: Mapping[str, str], record: Mapping[str, object], *, force: bool) -> Path | None:
    """Makes `folder` hold `texts` (by relative path) and a record of them; it changes at one moment or not at all.

    Args:
        record: what the record says beside the files' digests.
        force: replaces a folder with other content too, which is kept beside it.

    Returns:
        Where the former content is kept, or None.

    Raises:
        BoardError: the folder holds what was not written so, or cannot be written.
    """
    folder = Path(os.path.realpath(folder))  # of a link, the folder that it leads to
    foreign = _foreign(folder)
    if foreign and not force:
        raise BoardError(
            f"{folder} holds what rillet did not write ({foreign}): choose another folder, or say --force to move its "
            "content away"
        )
    files = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(texts.items())}
    all_texts = {**texts, RECORD: json.dumps({**record, "files": files}, indent=2) + "\n"}
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as scratch:
            made = Path(scratch) / "new"
            for name, text in all_texts.items():
                path = made / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode())
            former = _unused(folder) if foreign else Path(scratch) / "former"
            _exchange(made, folder, former)
            return former if foreign else None
    except OSError as problem:
        raise BoardError(f"cannot write {folder}: {problem.strerror}") from problem


def _foreign(folder: Path) -> str:
    """What `folder` holds that this module did not write, in a few words; "" for nothing."""
    if not folder.exists():
        return ""
    if not folder.is_dir():
        raise BoardError(f"{folder} is a file: choose another name for the folder")
    present = {str(p.relative_to(folder).as_posix()): p for p in folder.rglob("*") if not p.is_dir() or p.is_symlink()}
    if not present:
        return ""
    try:
        written = json.loads(present.pop(RECORD).read_text("utf-8"))["files"]
        changed = [n for n, path in present.items() if hashlib.sha256(path.read_bytes()).hexdigest() != written.get(n)]
    except (KeyError, ValueError, OSError, TypeError, AttributeError):
        changed = list(present)
    listed = sorted(changed)
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")


def _exchange(made: Path, folder: Path, former: Path) -> None:
    """Puts `made` into `folder`'s place, whose content goes to `former`."""
    if folder.exists():
        os.rename(folder, former)
    try:
        os.rename(made, folder)
    except OSError:
        if former.exists():
            os.rename(former, folder)
        raise


def _unused(folder: Path) -> Path:
    """A name beside `folder` that nothing has."""
    number = 1
    while (kept := folder.with_name(f"{folder.name}.before-{number}")).exists():
        number += 1
    return kept
