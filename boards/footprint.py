"""What a model takes on a board, from its plan and from the firmware that is really built."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from ..runtime import Plan
from ..runtime.details import ModelDetails
from ..runtime.program import signature_graphs
from .firmware import Firmware
from .patching import Fitting
from .sizes import RegionUse
from .target import Target, build_target, prepare_target


@dataclass(frozen=True)
class Memory:
    """One kind of memory, and what it is for."""

    name: str
    nbytes: int
    note: str = ""


@dataclass(frozen=True)
class Box:
    """A tensor in the arena over time; steps are inclusive."""

    name: str
    first_step: int
    last_step: int
    offset: int
    nbytes: int


@dataclass(frozen=True)
class SignatureMemory:
    """What one of a model's signatures needs of the one arena: shared variables, values alive at once, scratch."""

    name: str
    steps: int
    arena_bytes: int
    variable_bytes: int
    scratch_bytes: int
    live_bytes: int


@dataclass(frozen=True)
class Footprint:
    """All numbers in bytes; steps, arena and boxes are those of the signature with the largest arena.

    `memory` lists them for people; `regions` is empty for a host process; `signatures` has an entry for each.
    """

    model: str
    board: str
    steps: int
    arena_bytes: int
    scratch_bytes: int
    live_bytes: int
    image_bytes: int
    code_bytes: int
    flash_bytes: int
    static_bytes: int
    stack_bytes: int
    stack_bound_bytes: int | None
    ram_bytes: int
    memory: list[Memory] = field(default_factory=list)
    regions: list[RegionUse] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    signatures: list[SignatureMemory] = field(default_factory=list)
    fitting: Fitting | None = None


def footprint(model: str | PathLike[str], board: str, ram: int | None = None) -> Footprint:
    """Prepares and builds `model` for `board` in a temporary folder and measures it; `ram`: see `prepare_target`.

    Raises:
        BoardError: it does not fit (the text has the numbers), or the compiler is missing.
    """
    target = prepare_target(model, board, ram=ram)
    with tempfile.TemporaryDirectory() as scratch:
        return footprint_of(target, build_target(target, Path(scratch)))


def footprint_of(target: Target, firmware: Firmware) -> Footprint:
    """The numbers of a firmware that was built from `target`."""
    plan, sizes = target.plans[target.largest], firmware.sizes
    shared = sum(v.nbytes for v in plan.variables)
    bound = sizes.stack_bound.bytes if sizes.stack_bound else None
    memory = [
        Memory("arena", plan.arena_bytes, f"activations and scratch; at least {plan.live_bytes:,} are alive at once"),
        *(
            [Memory("  of it trained", shared, "variables that signatures share, the optimizer's included")]
            if shared
            else []
        ),
        *([Memory("  of it fast", plan.fast_bytes, fast_note(target))] if plan.fast_bytes else []),
        Memory("  of it scratch", plan.scratch_bytes, "the largest of one step"),
        Memory("model", sizes.image, "weights and steps, in flash"),
        Memory("code", sizes.code, "runtime, kernels of this model, protocol"),
        Memory("flash", sizes.flash, "all that is stored"),
        Memory("variables", sizes.static, "RAM outside the arena"),
    ]
    if bound is not None:
        memory.append(Memory("stack", sizes.stack, f"the call graph needs at most {bound:,}, and an exception's frame"))
        memory.append(Memory("RAM", sizes.ram, "arena, variables and stack"))
    return Footprint(
        model=target.name,
        board=target.board.name,
        steps=len(plan.steps),
        arena_bytes=plan.arena_bytes,
        scratch_bytes=plan.scratch_bytes,
        live_bytes=plan.live_bytes,
        image_bytes=sizes.image,
        code_bytes=sizes.code,
        flash_bytes=sizes.flash,
        static_bytes=sizes.static,
        stack_bytes=sizes.stack,
        stack_bound_bytes=bound,
        ram_bytes=sizes.ram,
        memory=memory,
        regions=list(firmware.regions),
        boxes=arena_boxes(target),
        signatures=[_signature_memory(name, p) for name, p in target.plans.items()],
        fitting=target.fitting,
    )


def fast_note(target: Target) -> str:
    """Which region the fast part of the arena lies in, and what share of all accesses to tensors goes there."""
    assert target.board.memory is not None and target.board.memory.fast is not None
    plan, graph = target.plan, target.model.main
    index = {t: i for i, t in enumerate(graph.extra["tensors"])}
    inside = everything = 0
    for op in graph.ops:
        for tensor in (*op.inputs, *op.outputs):
            place = None if tensor is None or tensor.is_constant else plan.tensor(index[tensor])
            if place is not None and place.arena_offset is not None:
                everything += place.nbytes
                inside += place.nbytes if place.arena_offset >= plan.arena_bytes - plan.fast_bytes else 0
    share = 100 * inside / max(1, everything)
    return (
        f"in region '{target.board.memory.fast.name}': {share:.0f}% of the bytes of tensors that steps read and write"
    )


def _signature_memory(name: str, plan: Plan) -> SignatureMemory:
    shared = sum(v.nbytes for v in plan.variables)
    return SignatureMemory(name, len(plan.steps), plan.arena_bytes, shared, plan.scratch_bytes, plan.live_bytes)


def arena_boxes(target: Target) -> list[Box]:
    """Every tensor's place in the arena over time, in the signature with the largest arena."""
    boxes = []
    plan, graph = target.plans[target.largest], signature_graphs(target.data)[target.largest]
    for index, tensor in enumerate(ModelDetails(target.data).graph(graph)["tensors"]):
        place = plan.tensor(index)
        if place.arena_offset is not None and place.nbytes:
            name = str(tensor["name"] or index)
            boxes.append(Box(name, place.first_step, place.last_step, place.arena_offset, place.nbytes))
    return boxes
