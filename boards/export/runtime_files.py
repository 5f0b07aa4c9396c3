"""The part of the C runtime that an exported model needs: flat, and with names that let several models link together.

Each file is the runtime's own text, but for its includes (the folders are gone) and a head that gives its functions
names of their own: `rlt_add_s8` becomes `rlt_add_s8_1b2c3d4e`, a digest of the file and of all that it includes. They
are weak. So two models in one program share the kernels that are the same, and those of another version stay apart.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..kernels import KernelFile

_INCLUDE = re.compile(r'^(\s*#\s*include\s*")([^"]+)(")', re.MULTILINE)
# The instruction sets that not every core has, and what a compiler defines where it makes code for one.
EXTENSIONS = {"dsp": "__ARM_FEATURE_DSP", "mve": "__ARM_FEATURE_MVE", "v7m": "__thumb2__"}
_NAMES_HEADER = "names.h"


@dataclass(frozen=True)
class RuntimeFiles:
    """`texts` by file name; `symbols`: the names that functions have in them, by their own names."""

    texts: Mapping[str, str]
    symbols: Mapping[str, str]


def runtime_files(root: Path, files: Sequence[KernelFile], core: str) -> RuntimeFiles:
    """The files that an export gets.

    Args:
        root: the C sources. files: those that are needed. core: what errors call the core that they are for.
    """
    closures = {file.source: _closure(root, file.source) for file in files}
    flat = _flat_names(root, sorted({path for closure in closures.values() for path in closure}))
    renamed = {symbol: f"{symbol}_{_digest(closures[file.source], root)}" for file in files for symbol in file.symbols}
    texts = {_NAMES_HEADER: _names_header(renamed, sorted(flat), core)}
    own = {file.source: [renamed[symbol] for symbol in file.symbols] for file in files}
    for path, name in flat.items():
        texts[name] = _head(path.relative_to(root), own.get(path)) + _with_flat_includes(path, root, flat)
    return RuntimeFiles(texts, renamed)


def _with_flat_includes(path: Path, root: Path, flat: Mapping[Path, str]) -> str:
    """The text of a file, its includes by their names in the folder of the export."""

    def renamed(include: re.Match[str]) -> str:
        return include[1] + flat[_included(root, path, include[2])] + include[3]

    return _INCLUDE.sub(renamed, path.read_text("utf-8"))


def _closure(root: Path, source: Path) -> set[Path]:
    """A file and all of ours that it includes, however deep."""
    seen: set[Path] = set()
    pending = [source]
    while pending:
        path = pending.pop()
        if path not in seen:
            seen.add(path)
            pending += [_included(root, path, name) for _, name, _ in _INCLUDE.findall(path.read_text("utf-8"))]
    return seen


def _included(root: Path, path: Path, name: str) -> Path:
    beside = (path.parent / name).resolve()
    return beside if beside.is_file() else (root / "include" / name).resolve()


def _flat_names(root: Path, paths: Sequence[Path]) -> dict[Path, str]:
    """A name for each file: its own, with its folder's before it where two have the same."""
    names = [path.name for path in paths]
    return {path: path.name if names.count(path.name) == 1 else f"{path.parent.name}_{path.name}" for path in paths}


def _digest(closure: set[Path], root: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(closure):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:8]


def _head(origin: Path, defined: Sequence[str] | None) -> str:
    """What stands before a file's text; `defined` is None for a header."""
    lines = [f"/* rillet, {origin.as_posix()}. SPDX-License-Identifier: Apache-2.0 */"]
    if defined is not None:
        lines += [f'#include "{_NAMES_HEADER}"', *(f"#pragma weak {symbol}" for symbol in defined)]
    return "\n".join([*lines, "\n"])


def _names_header(renamed: Mapping[str, str], files: Sequence[Path], core: str) -> str:
    sets = {path.stem.rsplit("_", 1)[-1] for path in files if path.suffix == ".c"}
    checks = []
    for isa in sorted(sets & set(EXTENSIONS)):
        checks += [
            f"#if !defined({EXTENSIONS[isa]})",
            f'#error "this model was exported for {core}: {isa} is missing"',
            "#endif",
        ]
    defines = [f"#define {symbol} {name}" for symbol, name in sorted(renamed.items())]
    return "\n".join([*_COMPILER_SETTINGS, *checks, *defines, "#endif", ""])


_COMPILER_SETTINGS = (
    "/* Written by rillet: the first include of every file here. */",
    "#ifndef RILLET_NAMES_H",
    "#define RILLET_NAMES_H",
    "#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__",
    '#error "exported models need a little-endian core"',
    "#endif",
    "#if defined(__SIZEOF_INT__) && __SIZEOF_INT__ < 4",
    '#error "exported models need a core of 32 bits"',
    "#endif",
    "/* The same roundings everywhere: a fused multiply-add rounds once where two operations round twice. */",
    "#if defined(__clang__)",
    "#pragma clang fp contract(off)",
    "#elif defined(__GNUC__)",
    '#pragma GCC optimize("fp-contract=off")',
    "/* Speed, in projects that ask for something else and have no way to ask for it here. */",
    "#if !defined(__OPTIMIZE__) || defined(__OPTIMIZE_SIZE__)",
    '#pragma GCC optimize("O2")',
    "#endif",
    "#endif",
)
