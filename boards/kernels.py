"""Which C files a set of kernels needs: those that define them, and what these call in turn."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .board import BoardError
from .elf import read_elf

# Compiles source files; gives their objects in order.
CompileFiles = Callable[[Sequence[Path]], Sequence[Path]]
_PREFIX = "rlt_"


@dataclass(frozen=True)
class KernelFile:
    """A C file that is needed, its object, and the symbols that it defines for others."""

    source: Path
    object: Path
    symbols: tuple[str, ...]


@dataclass
class _Chosen:
    """Files picked so far, with the symbols that they define and those that they want from elsewhere."""

    files: list[KernelFile] = field(default_factory=list)
    defined: set[str] = field(default_factory=set)
    wanted: set[str] = field(default_factory=set)


def kernel_files(
    root: Path, kernels: Sequence[str], isa: Sequence[str], compile_files: CompileFiles
) -> list[KernelFile]:
    """The files that define the named kernels and all that they call.

    A file's text says whether it may define a symbol (kernels are often made by macros, so it cannot say more), and the
    compiled object whether it does: as a linker searches an archive, but compiling only files that come into question.

    Args:
        root: the C sources.
        isa: instruction sets whose files may be compiled; a file names its set by its suffix.

    Raises:
        BoardError: a kernel is defined nowhere, or does not compile.
    """
    candidates = _candidates(root, isa)
    chosen = _Chosen()
    pending = [_PREFIX + kernel for kernel in kernels]
    while pending:
        for symbol in pending:
            if symbol not in chosen.defined:
                _add_definition(symbol, candidates, compile_files, chosen)
        pending = sorted(chosen.wanted - chosen.defined)
    return chosen.files


def kernel_file(source: Path, made: Path) -> KernelFile:
    """A C file and the object `made` of it, with what that defines."""
    symbols = read_elf(made.read_bytes()).symbols
    names = sorted(s.name for s in symbols if s.defined and not s.local and s.name.startswith(_PREFIX))
    return KernelFile(source, made, tuple(names))


def _candidates(root: Path, isa: Sequence[str]) -> dict[Path, frozenset[str]]:
    """The files that may hold kernels for these instruction sets, with the words in each."""
    header = (root / "include" / "rillet.h").read_text("utf-8")
    foreign = {name.lower() for name in re.findall(r"\bRLT_ISA_(\w+) = ", header)} - set(isa)
    return {
        path: frozenset(re.findall(r"\w+", path.read_text("utf-8")))
        for path in sorted((root / "kernels").rglob("*.c"))
        if not path.stem.startswith("prepare") and path.stem.rsplit("_", 1)[-1] not in foreign
    }


def _add_definition(
    symbol: str, candidates: dict[Path, frozenset[str]], compile_files: CompileFiles, chosen: _Chosen
) -> None:
    # A macro may put the name together: KERNEL(mean_f32), KERNEL(add), add_##type. Where no guess is right, try all.
    name = symbol.removeprefix(_PREFIX)
    starts = {name[:end] for at in range(len(name)) if name[at] == "_" for end in (at, at + 1)}
    spelt_out = [path for path, words in candidates.items() if symbol in words]
    put_together = [path for path, words in candidates.items() if words & {name, *starts} and path not in spelt_out]
    others = [path for path in candidates if path not in (*spelt_out, *put_together)]
    for files in (spelt_out, put_together, others):
        for path, made in zip(files, compile_files(files), strict=True):
            elf = read_elf(made.read_bytes())
            if any(s.name == symbol and s.defined for s in elf.symbols):
                del candidates[path]
                chosen.files.append(kernel_file(path, made))
                chosen.defined |= set(chosen.files[-1].symbols)
                chosen.wanted |= {s.name for s in elf.symbols if s.name.startswith(_PREFIX) and not s.defined}
                return
    raise BoardError(f"no source file for this board defines {symbol}; was the model prepared for another target?")
