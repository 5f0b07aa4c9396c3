"""A model as a folder of plain C that drops into any build system. docs/export.md says what is in it and why."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...runtime import export_all
from ..board import Board
from ..firmware import SESSION, join_images, source_compiler
from ..kernels import kernel_file, kernel_files
from ..sizes import refuse_early
from ..sources import refuse_stale_library, source_root
from ..target import Target
from ..toolchain import find_compiler
from .folder import write_folder
from .header import comment, header
from .interface import Entry, entries, identifier
from .model_code import image_code, model_code
from .project import project_files
from .runtime_files import RuntimeFiles, runtime_files


@dataclass(frozen=True)
class Export:
    """A written folder.

    Attributes:
        name: what C calls the model. files: relative paths. kept: where what was in the folder before is, if anything.
        arena_bytes, model_bytes: RAM and flash that the model takes, code and stack apart.
    """

    folder: Path
    name: str
    files: tuple[str, ...]
    arena_bytes: int
    model_bytes: int
    kept: Path | None


def export_source(
    target: Target, folder: str | os.PathLike[str], *, must_fit: bool = True, force: bool = False
) -> Export:
    """Writes the source of what `build_target` builds of `target`, protocol server and board support apart.

    Args:
        folder: made, or replaced as a whole if an export wrote all that it holds.
        must_fit: whether the memory that the target's board has is what the model will run in.
        force: replaces a folder with other content too, which is kept beside it.

    Raises:
        BoardError: the model does not fit the board, the compiler is missing (it tells which files are needed), a
            tensor has a type without a C type, or the folder is not ours to write.
    """
    refuse_stale_library()
    board = target.board
    images, kernels = export_all(list(target.plans.values()))
    if must_fit:
        refuse_early(board, len(join_images(images)), target.arena_bytes)
    name = identifier(target.name)
    listed = entries(name, target.data, dict(zip(target.plans, images, strict=True)))
    runtime = _runtime(board, kernels)
    version = importlib.metadata.version("rillet")
    origin = f"{comment(target.name)}: a model compiled by rillet {version} for {board.core}."
    texts = {
        f"src/{name}.h": header(name, listed, origin),
        f"src/{name}.c": model_code(name, listed, kernels, runtime.symbols),
        f"src/{name}_image.c": image_code(name, listed),
        **{f"src/rillet/{file}": text for file, text in runtime.texts.items()},
        "LICENSE": _license(),
    }
    arena, model = max(e.arena_bytes for e in listed), sum(len(e.image) for e in listed)
    texts |= project_files(
        name,
        listed,
        sorted(path for path in texts if path.endswith(".c")),
        version=version,
        title=target.name,
        core=board.core,
        flags=board.flags,
        isa=board.isa,
        sizes=_size_table(arena, model, listed),
        command=f"rillet build {target.name}.tflite --core {board.core} --export {name}",
    )
    record = {"rillet": version, "model": target.name, "core": board.core, "isa": board.isa}
    where = Path(folder)
    kept = write_folder(where, texts, record, force=force)
    return Export(where, name, tuple(sorted(texts)), arena, model, kept)


def _runtime(board: Board, kernels: Sequence[str]) -> RuntimeFiles:
    """The runtime's files that the build of a firmware for `board` would compile for these kernels."""
    root = source_root()
    compile_files = source_compiler(find_compiler(board.toolchain), root, board)
    session = root / SESSION
    needed = [kernel_file(session, compile_files([session])[0]), *kernel_files(root, kernels, board.isa, compile_files)]
    return runtime_files(root, needed, board.core)


def _size_table(arena: int, model: int, listed: Sequence[Entry]) -> dict[str, str]:
    rows = {"RAM, stack apart": f"{arena:,} bytes", "model in flash": f"{model:,} bytes"}
    for entry in listed:
        where = f" of {comment(entry.title)}" if len(listed) > 1 else ""
        for kind, arguments in (("input", entry.inputs), ("output", entry.outputs)):
            for a in arguments:
                shape = "x".join(map(str, a.shape)) or "scalar"
                rows[f"{kind} {comment(a.title)}{where}"] = f"{a.dtype.name.lower()}, {shape}"
    return rows


def _license() -> str:
    files = importlib.metadata.files("rillet") or ()
    for path in (*(Path(str(f.locate())) for f in files if f.name == "LICENSE"), source_root().parent / "LICENSE"):
        if path.is_file():
            return path.read_text("utf-8")
    return "Apache License 2.0: http://www.apache.org/licenses/LICENSE-2.0\n"
