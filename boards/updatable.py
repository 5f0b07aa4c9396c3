"""Firmware whose model can be replaced over the wire: built with slots, and with kernels for models to come."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

from ..runtime import export_all
from ..runtime.kernels import kernels as all_kernels
from .board import Board, BoardError, Slots
from .firmware import Firmware, build, join_images
from .generated import kernel_crc
from .keys import SigningKey
from .slots import Content, Updatable, image_offset, layout_crc
from .sources import refuse_stale_library, source_root
from .target import Target, prepare_target

_TYPE = re.compile(r"_(f32|s8|s16|s32|s64|u8|bool|hybrid|blockwise)(?=_|$)")
_GRADIENT = re.compile(r"gradient|^apply_|_sums_|cross_entropy|^random_|fake_quant")


def build_updatable(
    target: Target,
    out_dir: str | PathLike[str],
    key: SigningKey,
    *,
    version: int = 1,
    kernels: str = "types",
    arena_bytes: int = 0,
    slot_bytes: int = 0,
    allow_downgrade: bool = False,
) -> Firmware:
    """Builds firmware with two model slots, of which the first holds `target`.

    Args:
        key: signs this model; the firmware takes only models that it has signed.
        version: of this model. Later ones must have larger numbers, unless `allow_downgrade`.
        kernels: what later models may use, see `choose_kernels`.
        arena_bytes: for later models, if they need more than this one. slot_bytes: of one slot; 0: as board.toml says.

    Raises:
        BoardError: the board has no flash that firmware can write, or as `rillet.boards.build` raises.
    """
    refuse_stale_library()
    board = target.board
    slots = _slots(board, slot_bytes)
    names = choose_kernels(target, kernels)
    content = content_for(target, names, board_layout_crc(board), version)
    if len(content.image) > slots.slot_bytes - image_offset(slots):
        raise BoardError(
            f"the model does not fit a slot of {board.name}: {len(content.image)} of "
            f"{slots.slot_bytes - image_offset(slots)} bytes; give larger ones with --slot-bytes"
        )
    content = replace(content, arena_bytes=max(content.arena_bytes, arena_bytes))
    updatable = Updatable(slots, content, key, allow_downgrade)
    return build(b"", names, board, out_dir, model_name=target.name, updatable=updatable)


def content_for(target: Target, kernels: Sequence[str], layout: int, version: int) -> Content:
    """A model for firmware with these kernels, and that layout (see `slots.layout_crc`).

    Raises:
        BoardError: the firmware lacks kernels that the model needs; the text names them and the layers.
    """
    if not 0 < version < 1 << 32:
        raise BoardError(f"a model's version is from 1 to {(1 << 32) - 1}, not {version}")
    images, used = export_all(list(target.plans.values()), kernels)
    missing = used[len(kernels) :]
    if missing:
        raise BoardError(_missing_text(target, missing))
    return Content(
        join_images(images),
        target.arena_bytes,
        version,
        target.board.name,
        target.name,
        list(target.plans),
        kernel_crc(kernels),
        layout,
    )


def board_layout_crc(board: Board) -> int:
    """`slots.layout_crc` of this rillet for a board."""
    return layout_crc(source_root(), board.isa)


def choose_kernels(target: Target, choice: str) -> list[str]:
    """The kernels of updatable firmware: the model's own, then more, sorted.

    Args:
        choice: "same": no more; "all": every one that the board can run; "types": those for inference in the element
            types that the model's kernels compute with; or several of these, separated by commas: names of kernels,
            with * for any part of one (conv_2d_*), and .tflite files, whose kernels are taken.

    Raises:
        BoardError: a name fits no kernel.
    """
    used = export_all(list(target.plans.values()))[1]
    there = [k.name for k in all_kernels() if k.isa in target.board.isa]
    if choice == "same":
        return used
    if choice == "all":
        more = there
    elif choice == "types":
        types = {t for name in used for t in _TYPE.findall(name)}
        more = [k for k in there if types.issuperset(_TYPE.findall(k)) and not _GRADIENT.search(k)]
    else:
        more = [k for word in choice.split(",") for k in _named_kernels(word, there, target)]
    return [*used, *sorted(set(more) - set(used))]


def _named_kernels(word: str, there: Sequence[str], target: Target) -> list[str]:
    if word.endswith(".tflite"):
        if not Path(word).is_file():
            raise BoardError(f"--kernels: there is no '{word}'")
        other = prepare_target(word, target.board)
        return export_all(list(other.plans.values()))[1]
    found = fnmatch.filter(there, word)
    if not found:
        raise BoardError(
            f"--kernels: no kernel for {target.board.name} is called '{word}'; there are, for example, "
            f"{', '.join(there[:4])}; or write all, types or same"
        )
    return found


def _missing_text(target: Target, missing: Sequence[str]) -> str:
    first: dict[str, str] = {}
    for plan in target.plans.values():
        for index, step in enumerate(plan.steps):
            if step.kernel in missing:
                where = target.layers[index] if plan is target.plan else ""
                first.setdefault(step.kernel, where)
    listed = ", ".join(f"{name} (layer '{where}')" if where else name for name, where in first.items())
    return (
        f"the device's firmware lacks kernels that this model needs: {listed}; build and flash firmware that has them, "
        f"with --updatable --kernels {','.join(first)}"
    )


def _slots(board: Board, slot_bytes: int) -> Slots:
    if board.slots is None:
        raise BoardError(
            f"{board.name} has no flash that firmware can write: {board.source} has no [slots] (docs/adding-a-board.md)"
        )
    if not slot_bytes:
        return board.slots
    page = board.slots.page_bytes
    if slot_bytes < page or slot_bytes % page:
        raise BoardError(f"a slot of {board.name} is a multiple of {page} bytes, its flash's page, not {slot_bytes}")
    return replace(board.slots, slot_bytes=slot_bytes)
