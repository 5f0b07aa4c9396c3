"""Plan: a model prepared for a CPU: steps, kernels, packed weights, memory. Made on the host for any target."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from ..ir import RilletError
from .native import check, ffi, isa_mask, lib

ModelBytes = bytes | bytearray | memoryview | mmap.mmap


@dataclass(frozen=True)
class Step:
    """What runs at once.

    Attributes:
        op: the operator's index in the subgraph; `outputs`: its tensors' indices.
        kernel: its name; of a step that computes several operators by turns their names joined by "+".
        ops: those operators, in order; the last one is `op`. Mostly one.
    """

    op: int
    kernel: str
    tasks: int
    scratch_bytes: int
    outputs: tuple[int, ...]
    ops: tuple[int, ...]


@dataclass(frozen=True)
class Placement:
    """Where a tensor lives; `arena_offset` is None for constants and unused tensors; steps are inclusive."""

    arena_offset: int | None
    nbytes: int
    first_step: int
    last_step: int
    type: int
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Variable:
    """A resource variable of a subgraph: its shared name and where in the arena it lies; `type` as in `DType`."""

    name: str
    arena_offset: int
    nbytes: int
    type: int
    shape: tuple[int, ...]


@dataclass(frozen=True)
class SharedVariables:
    """Where resource variables lie in the one arena of several plans.

    Attributes:
        offsets: by name, in bytes; multiples of the plans' alignment.
        nbytes: how much of the arena's start is theirs.
        given: names of those that another plan gives their first values.
    """

    offsets: Mapping[str, int]
    nbytes: int
    given: frozenset[str] = frozenset()


def map_file(path: str | PathLike[str]) -> ModelBytes:
    """The file's bytes, memory-mapped where the file is not empty.

    Raises:
        RilletError: the file cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            if Path(path).stat().st_size == 0:
                return b""
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as problem:
        raise RilletError(f"cannot read model '{path}': {problem.strerror}") from problem


def drop_pages(data: ModelBytes) -> None:
    """Gives back the memory that a mapped file's pages take; they come again where they are read."""
    if isinstance(data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        data.madvise(mmap.MADV_DONTNEED)


class Plan:
    """A prepared subgraph.

    Args:
        model: the .tflite bytes (borrowed: kept alive by this object) or a path, which is memory-mapped.
        isa: comma-separated instruction sets to choose kernels for ("scalar"); None for this CPU's best.
        self_contained: copy every constant into the image, so that it runs without the model's bytes.
        keep_inputs: input values survive a run. keep_all: every tensor can be read after a run.
        input_shapes: new shapes by position among the inputs.
        alignment: of tensors in the arena, bytes.
        fast_bytes: room in faster memory for the arena's end, where the busiest tensors and scratch then lie.
        threads: the most that sessions of this plan will use; scratch grows with it.
        float_tolerance: the error, as a share of a layer's largest output, up to which float convolutions may use
            algorithms with fewer multiplications (docs/numerics.md); None for 1e-5, 0 for sums of products only.
        shared: where variables lie that other plans share; None: anywhere.
        kernels: families of kernels that may not be chosen, each after a minus ("-winograd,-packed"); None for what
            the environment variable RILLET_KERNELS says.

    Raises:
        RuntimeFailure: the file is malformed, or has an op, type or shape that the runtime does not run.
    """

    def __init__(
        self,
        model: ModelBytes | str | PathLike[str],
        *,
        isa: str | None = None,
        subgraph: int = 0,
        self_contained: bool = False,
        keep_inputs: bool = False,
        keep_all: bool = False,
        input_shapes: Mapping[int, tuple[int, ...]] | None = None,
        alignment: int = 0,
        arena_limit: int = 0,
        fast_bytes: int = 0,
        threads: int = 1,
        float_tolerance: float | None = None,
        shared: SharedVariables | None = None,
        kernels: str | None = None,
    ) -> None:
        self._model: ModelBytes = map_file(model) if isinstance(model, (str, PathLike)) else model
        self._again: Callable[[], ModelBytes] | None = None
        self._data = ffi.from_buffer(self._model)
        config = ffi.new("rlt_config *")
        config.isa = isa_mask(isa)
        config.flags = (
            (lib.RLT_SELF_CONTAINED if self_contained else 0)
            | (lib.RLT_KEEP_INPUTS if keep_inputs else 0)
            | (lib.RLT_KEEP_ALL if keep_all else 0)
        )
        config.subgraph, config.alignment, config.arena_limit = subgraph, alignment, arena_limit
        config.fast_bytes = fast_bytes
        config.threads = threads
        config.float_tolerance = 0 if float_tolerance is None else float_tolerance if float_tolerance > 0 else -1
        named = ffi.NULL if kernels is None else ffi.new("char[]", kernels.encode())
        config.kernels = named
        shapes = ffi.new("rlt_input_shape[]", len(input_shapes or {}))
        for slot, (position, shape) in zip(shapes, (input_shapes or {}).items(), strict=True):
            if len(shape) > lib.RLT_MAX_RANK:
                raise RilletError(f"input {position}: {len(shape)} dimensions, the runtime takes {lib.RLT_MAX_RANK}")
            slot.input, slot.rank, slot.dims[0 : len(shape)] = position, len(shape), list(shape)
        config.input_shapes, config.input_shape_count = shapes, len(shapes)
        if shared is not None:
            places = ffi.new("rlt_variable_place[]", len(shared.offsets))
            names = [ffi.new("char[]", name.encode()) for name in shared.offsets]
            for slot, text, (name, offset) in zip(places, names, shared.offsets.items(), strict=True):
                slot.name, slot.name_bytes, slot.arena_offset = text, len(text) - 1, offset
                slot.is_given = name in shared.given
            config.variable_places, config.variable_place_count = places, len(places)
            config.variable_bytes = shared.nbytes
        handle, error = ffi.new("rlt_plan **"), ffi.new("rlt_error *")
        check(lib.rlt_prepare(self._data, len(self._data), config, handle, error), error)
        self.handle = ffi.gc(handle[0], lib.rlt_plan_free)

    @property
    def model(self) -> ModelBytes:
        """The bytes that the plan was made from."""
        return self._model if self._again is None else self._again()

    def release(self, again: Callable[[], ModelBytes]) -> None:
        """Lets go of the model's bytes, which a self-contained plan does not need; `again` gives them where asked."""
        self._model, self._data, self._again = b"", ffi.NULL, again

    @property
    def arena_bytes(self) -> int:
        """RAM for activations and scratch."""
        return int(lib.rlt_plan_arena_bytes(self.handle))

    @property
    def fast_bytes(self) -> int:
        """The end of `arena_bytes` that is for faster memory."""
        return int(lib.rlt_plan_fast_bytes(self.handle))

    @property
    def scratch_bytes(self) -> int:
        """The largest scratch of one step, part of `arena_bytes`."""
        return int(lib.rlt_plan_scratch_bytes(self.handle))

    @property
    def live_bytes(self) -> int:
        """Lower bound of the arena: the most bytes alive at one step."""
        return int(lib.rlt_plan_live_bytes(self.handle))

    @property
    def image(self) -> memoryview:
        """The plan image (docs/walk.md); a read-only view owned by this plan."""
        size = lib.rlt_plan_image_bytes(self.handle)
        return memoryview(ffi.buffer(lib.rlt_plan_image(self.handle), size)).toreadonly()

    @property
    def steps(self) -> list[Step]:
        info, part, steps = ffi.new("rlt_step_info *"), ffi.new("rlt_step_info *"), []
        for index in range(lib.rlt_plan_step_count(self.handle)):
            check(lib.rlt_plan_step(self.handle, index, info))
            outputs = tuple(lib.rlt_plan_step_output(self.handle, index, k) for k in range(info.output_count))
            parts = []
            for k in range(info.part_count):
                check(lib.rlt_plan_step_part(self.handle, index, k, part))
                parts.append((part.op, ffi.string(lib.rlt_kernel_name(part.kernel)).decode()))
            kernel = "+".join(name for _, name in parts)
            ops = tuple(op for op, _ in parts)
            steps.append(Step(info.op, kernel, info.tasks, info.scratch_bytes, outputs, ops))
        return steps

    def tensor(self, index: int) -> Placement:
        """Placement of a tensor by its index in the subgraph."""
        info = ffi.new("rlt_tensor_info *")
        check(lib.rlt_plan_tensor(self.handle, index, info))
        offset = None if info.arena_offset == 0xFFFFFFFF else info.arena_offset
        shape = tuple(info.dims[0 : info.rank])
        return Placement(offset, info.bytes, info.first_step, info.last_step, info.type, shape)

    @property
    def variables(self) -> list[Variable]:
        """The resource variables that the subgraph reads or assigns, in the order of their first handles."""
        info, found = ffi.new("rlt_variable_info *"), []
        for index in range(lib.rlt_plan_variable_count(self.handle)):
            check(lib.rlt_plan_variable(self.handle, index, info))
            name = bytes(ffi.buffer(info.name, info.name_bytes)).decode(errors="replace")
            found.append(Variable(name, info.arena_offset, info.bytes, info.type, tuple(info.dims[0 : info.rank])))
        return found

    def export(self) -> tuple[bytes, list[str]]:
        """The image for a firmware, kernels renumbered, and the kernels' names in that order.

        Raises:
            RuntimeFailure: the plan is not self-contained.
        """
        (image,), kernels = export_all([self])
        return image, kernels


def export_all(plans: Sequence[Plan], known: Sequence[str] = ()) -> tuple[list[bytes], list[str]]:
    """The images of several plans for one firmware, and the names of the kernels that they number.

    Args:
        known: kernels that the firmware has already, whose numbers stay: the names returned begin with them.

    Raises:
        RuntimeFailure: a plan is not self-contained. RilletError: a known kernel is none of this library's.
    """
    images = []
    kernels = ffi.new("uint32_t[]", len(known) + sum(len(step.ops) + 1 for plan in plans for step in plan.steps) + 1)
    numbers = _kernel_numbers() if known else {}
    for slot, name in enumerate(known):
        if name not in numbers:
            raise RilletError(f"kernel {name} is unknown to this rillet: build and flash the firmware again")
        kernels[slot] = numbers[name]
    count = len(known)
    for plan in plans:
        image = bytearray(lib.rlt_plan_image_bytes(plan.handle))
        count = lib.rlt_plan_export(plan.handle, ffi.from_buffer(image), kernels, count)
        check(count)
        images.append(bytes(image))
    return images, [ffi.string(lib.rlt_kernel_name(kernels[i])).decode() for i in range(count)]


def _kernel_numbers() -> dict[str, int]:
    numbers: dict[str, int] = {}
    while (name := lib.rlt_kernel_name(len(numbers))) != ffi.NULL:
        numbers[ffi.string(name).decode()] = len(numbers)
    return numbers
