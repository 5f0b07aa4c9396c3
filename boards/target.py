"""A model prepared for a board: the plan image and kernels that its firmware will have, and names for people."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path

from ..flatbuffer import read
from ..ir import DType, Model, replacing
from ..runtime import Plan, export_all, plan_signatures
from ..runtime.details import ModelDetails
from ..runtime.program import signature_graphs
from ..runtime.signed import signed_bytes
from .board import Board, BoardError
from .catalogue import load_board
from .firmware import Firmware, build, join_images
from .fitting import DoesNotFit
from .mlperf_tiny import find_benchmark
from .patching import Fitting, fit
from .sources import refuse_stale_library


@dataclass(frozen=True)
class Target:
    """What a board runs.

    Attributes:
        name: of the model, as the device will report it.
        data: the .tflite bytes, int8 inside where the file was uint8.
        plans: by signature, for the board's instruction sets, self-contained; they share the arena and variables.
        fitting: how the model was made to fit into a limit of RAM, where there was one.
    """

    name: str
    board: Board
    data: bytes
    plans: Mapping[str, Plan]
    fitting: Fitting | None = None

    @property
    def plan(self) -> Plan:
        """The first signature's."""
        return next(iter(self.plans.values()))

    @property
    def arena_bytes(self) -> int:
        """What the signature with the largest arena needs."""
        return self.plans[self.largest].arena_bytes

    @property
    def largest(self) -> str:
        """The signature with the largest arena."""
        return max(self.plans, key=lambda key: self.plans[key].arena_bytes)

    @cached_property
    def model(self) -> Model:
        """The same model as IR; op `i` of its main graph is the plan's op `i`."""
        return read(self.data)

    @cached_property
    def layers(self) -> list[str]:
        """For each step, the name of its source layer, or of its layers joined by " + "."""
        ops = self.model.main.ops
        return [" + ".join(ops[op].where for op in step.ops) for step in self.plan.steps]

    def tensor_name(self, index: int) -> str:
        """Name of a tensor by its index in the file."""
        return ModelDetails(self.data).name(index)


def prepare_target(
    model: str | PathLike[str] | bytes, board: Board | str, name: str = "", *, ram: int | None = None
) -> Target:
    """Prepares all signatures of a .tflite file, or of its bytes, for `board` (a board's name or the Board).

    Args:
        ram: most bytes of RAM that all of the firmware may take (arena, variables, stack; on the host: the arena).
            Where the model needs more, some of its layers run in patches, which costs products.

    Raises:
        RuntimeFailure: the board's kernels cannot run the model; the text names the operator and the layer.
        BoardError: no such board, or the model does not fit into `ram`, with what would make it fit.
    """
    where = load_board(board) if isinstance(board, str) else board
    if isinstance(model, bytes):
        data = model
    else:
        data, name = Path(model).read_bytes(), name or Path(model).stem
    if ModelDetails(data).has_uint8:
        data = bytes(signed_bytes(data)[0])
    # A desktop's cache lines are of no use to a microcontroller; 16 bytes serve its widest vectors.
    alignment = 64 if where.memory is None else 16

    def plans_of(content: bytes) -> Mapping[str, Plan]:
        # Offsets in fast memory follow from the arena's size, so they are for models of one signature.
        fast = where.memory.fast_bytes if where.memory is not None and len(signature_graphs(content)) == 1 else 0
        isa = ",".join(where.isa)
        return plan_signatures(content, isa=isa, self_contained=True, alignment=alignment, fast_bytes=fast)

    if ram is None:
        return Target(name, where, data, plans_of(data))
    limit = ram - _fixed_ram(where, plans_of(data).values())
    if limit <= 0:
        raise BoardError(f"{ram:,} bytes of RAM are too few for any model: stack and variables take {ram - limit:,}")
    data, fitting = fit(data, limit, lambda content: max(p.arena_bytes for p in plans_of(content).values()))
    return Target(name, where, data, plans_of(data), fitting)


def save_patched(target: Target, folder: Path) -> list[Path]:
    """Writes NAME_patched.tflite, the model as it was built, where layers run in patches; gives the files written."""
    if target.fitting is None or not target.fitting.layers:
        return []
    path = folder / f"{target.name}_patched.tflite"
    with replacing(path, BoardError) as file:
        file.write(target.data)
    return [path]


def _fixed_ram(board: Board, plans: Collection[Plan]) -> int:
    """What firmware takes beside the arena: stack and variables. Patches add kernels that need little stack."""
    if board.memory is None:
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        sizes = build(b"", export_all(list(plans))[1], board, scratch).sizes
    return sizes.ram - sizes.arena


def build_target(target: Target, out_dir: str | PathLike[str], *, mlperf_tiny: bool = False) -> Firmware:
    """Builds the firmware, which also answers MLPerf Tiny's runner if told so; see `build` for what it raises."""
    refuse_stale_library()
    images, kernels = export_all(list(target.plans.values()))
    joined = join_images(images)
    benchmark = find_benchmark(target.data) if mlperf_tiny else None
    names = list(target.plans)
    try:
        return build(
            joined,
            kernels,
            target.board,
            out_dir,
            model_name=target.name,
            signatures=names,
            fast=target.plan.fast_bytes,
            mlperf_tiny=benchmark,
        )
    except DoesNotFit as refusal:
        if not _has_float_weights(target.model):
            raise
        raise DoesNotFit(f"{refusal}; with int8 weights it takes about a quarter: `rillet quantize`") from None


def _has_float_weights(model: Model) -> bool:
    """Whether most of its constants' bytes are floats."""
    constants = [t for op in model.main.ops for t in op.inputs if t is not None and t.data is not None]
    floats = sum(t.data.nbytes for t in constants if t.data is not None and t.dtype is DType.FLOAT32)
    return 2 * floats > sum(t.data.nbytes for t in constants if t.data is not None)
