"""What an exported model's C interface has: names, and its tensors as the plan image describes them."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...ir import DType
from ...runtime.details import ModelDetails
from ...runtime.program import signature_graphs
from ..board import BoardError

_HEAD = struct.Struct("<16I")  # rlt_image and rlt_image_tensor of runtime_c/core/image.h
_TENSOR = struct.Struct("<4I8ifi")
_C_TYPES = {
    DType.FLOAT32: "float",
    DType.FLOAT16: "uint16_t",
    DType.FLOAT64: "double",
    DType.BOOL: "uint8_t",
    **{getattr(DType, f"{u}INT{bits}"): f"{u.lower()}int{bits}_t" for u in ("", "U") for bits in (8, 16, 32, 64)},
}
# A header of such a name would hide the C library's or another one that programs include.
_TAKEN = re.compile(
    "arduino|assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|rillet|setjmp|signal|std.*|string"
    "|tgmath|threads|time|uchar|wchar|wctype"
)


@dataclass(frozen=True)
class Argument:
    """An input or output. `name`: as C has it, as in "input" or "input_image"; `title`: as the file has it."""

    name: str
    title: str
    c_type: str
    dtype: DType
    shape: tuple[int, ...]
    nbytes: int
    scale: float
    zero_point: int


@dataclass(frozen=True)
class Entry:
    """A signature. `prefix`: of its C functions; `image`: its plan."""

    prefix: str
    title: str
    image: bytes
    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    arena_bytes: int
    arena_alignment: int
    has_state: bool


def identifier(text: str) -> str:
    """`text` as a C name: lower case, digits not first; never the name of a header that programs include."""
    name = re.sub(r"[^0-9a-z]+", "_", text.lower()).strip("_") or "model"
    return f"model_{name}" if name[0].isdigit() or _TAKEN.fullmatch(name) else name


def entries(model: str, data: bytes, images: Mapping[str, bytes]) -> list[Entry]:
    """The signatures of a model whose C name is `model`; `images`: their plans.

    Raises:
        BoardError: a tensor has a type that C has no name for.
    """
    prefixes = [model] if len(images) == 1 else [f"{model}_{n}" for n in _distinct([identifier(k) for k in images])]
    graphs, details = signature_graphs(data), ModelDetails(data)
    return [
        _entry(prefix, key, image, graphs[key], details)
        for prefix, (key, image) in zip(prefixes, images.items(), strict=True)
    ]


def _entry(prefix: str, key: str, image: bytes, graph: int, details: ModelDetails) -> Entry:
    _, _, _, _, arena, alignment, _, _, _, _, _, inputs_at, _, outputs_at, states, _ = _HEAD.unpack_from(image)
    signature = details.signatures().get(key)

    def titles(kind: str, named: Mapping[str, int]) -> list[str]:
        by_index = {index: name for name, index in named.items()}
        return [by_index.get(i) or details.name(i, graph) for i in map(int, details.graph(graph)[kind])]

    return Entry(
        prefix=prefix,
        title=key,
        image=image,
        inputs=_arguments(image, "input", inputs_at, titles("inputs", signature.inputs if signature else {})),
        outputs=_arguments(image, "output", outputs_at, titles("outputs", signature.outputs if signature else {})),
        arena_bytes=arena,
        arena_alignment=alignment,
        has_state=states != 0,
    )


def _arguments(image: bytes, kind: str, at: int, titles: Sequence[str]) -> tuple[Argument, ...]:
    names = [kind] if len(titles) == 1 else [f"{kind}_{name}" for name in _distinct([_suffix(t) for t in titles])]
    made = []
    for index, (name, title) in enumerate(zip(names, titles, strict=True)):
        _, nbytes, type_, rank, *rest = _TENSOR.unpack_from(image, at + index * _TENSOR.size)
        dtype = DType(type_)
        if dtype not in _C_TYPES:
            raise BoardError(f"{kind} '{title}' has type {dtype.name.lower()}, which exported C has no type for")
        made.append(Argument(name, title, _C_TYPES[dtype], dtype, tuple(rest[:rank]), nbytes, rest[8], rest[9]))
    return tuple(made)


def _suffix(title: str) -> str:
    return re.sub(r"[^0-9a-z]+", "_", title.lower()).strip("_") or "unnamed"


def _distinct(names: Sequence[str]) -> list[str]:
    """The same names, numbered where two are equal."""
    numbered = [f"{name}_{i}" if names.count(name) > 1 else name for i, name in enumerate(names)]
    return numbered if len(set(numbered)) == len(numbered) else [f"{i}" for i in range(len(names))]
