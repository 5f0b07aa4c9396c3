"""Compiling C files into objects, each at most once: a cache keyed by all that can change the result."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .toolchain import Compiler

# At a time: compilers need memory, and this must not freeze the user's machine.
_PARALLEL = 2
_KEPT_S = 30 * 24 * 3600
_HEADER_SUFFIXES = (".h", ".def")


def cache_folder() -> Path:
    """Where objects are kept: $RILLET_CACHE, or rillet/ in the user's cache folder."""
    own = os.environ.get("RILLET_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(own) if own else Path(base) / "rillet"


def headers_digest(root: Path) -> str:
    """A digest of every header under `root`: a change in any recompiles everything, which is always right."""
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.suffix in _HEADER_SUFFIXES):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def compile_all(
    compiler: Compiler, units: Sequence[tuple[Path, Sequence[str]]], headers: str, include: Sequence[Path]
) -> list[Path]:
    """The objects of `units` (source file, flags), in order, compiled where the cache lacks them.

    Args:
        headers: `headers_digest` of the folders that the sources include from.
        include: folders to include from.

    Raises:
        BoardError: a file does not compile; the text holds what the compiler said.
    """
    folder = cache_folder() / "objects"
    folder.mkdir(parents=True, exist_ok=True)

    def one(unit: tuple[Path, Sequence[str]]) -> Path:
        source, flags = unit
        # The paths are no part of the result, except through __FILE__, which rillet's sources do not use.
        key = "\0".join((compiler.identity, headers, source.name, *compiler.flags, *flags))
        name = hashlib.sha256(key.encode() + b"\0" + source.read_bytes()).hexdigest()[:40]
        target = folder / f"{name}.o"
        if target.is_file():
            os.utime(target)
        else:
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                made = Path(scratch) / f"{name}.o"
                places = [f"-I{p}" for p in include]
                compiler.run([*compiler.flags, *flags, *places, "-c", str(source), "-o", str(made)])
                for extra in Path(scratch).iterdir():  # the object last: it says that the entry is complete
                    if extra != made:
                        os.replace(extra, folder / extra.name)
                os.replace(made, target)
        return target

    with ThreadPoolExecutor(_PARALLEL) as pool:
        objects = list(pool.map(one, units))
    _forget_unused(folder)
    return objects


def _forget_unused(folder: Path) -> None:
    """Deletes objects that nobody asked for in a month, and what belongs to them."""
    limit = time.time() - _KEPT_S
    for entry in folder.glob("*.o"):
        if entry.stat().st_mtime < limit:
            for path in (entry, entry.with_suffix(".ci")):
                path.unlink(missing_ok=True)
