"""The C library: loaded once, statuses turned into exceptions."""

from __future__ import annotations

import re
from typing import Any

from ..flatbuffer.schema import OPERATORS
from ..ir import RilletError

try:
    from ._native import ffi, lib
except ImportError as missing:  # a source checkout that was never built
    raise ImportError("rillet's C library is not built: run `make`, or `pip install .` in the checkout") from missing


class RuntimeFailure(RilletError, RuntimeError):
    """The C runtime refused a model or could not run it.

    Attributes:
        status: name of the code in rillet.h ("RLT_ERROR_SHAPE").
        op, tensor: indices in the subgraph, -1 where none is meant.
    """

    def __init__(self, text: str, status: str, op: int = -1, tensor: int = -1) -> None:
        super().__init__(text)
        self.status, self.op, self.tensor = status, op, tensor


def check(status: int, error: Any = None) -> None:
    """Raises RuntimeFailure for a negative status; `error` is an rlt_error with the details."""
    if status >= 0:
        return
    name = ffi.typeof("rlt_status").elements.get(status, str(status))
    text = ffi.string(error.text).decode(errors="replace") if error is not None else ""
    text = text or ffi.string(lib.rlt_status_text(status)).decode()
    text = re.sub(r"builtin operator (\d+)", _operator_name, text)
    raise RuntimeFailure(text, name, *((error.op, error.tensor) if error is not None else ()))


def _operator_name(number: re.Match[str]) -> str:
    """The C library knows names only of the operators it runs."""
    code = int(number[1])
    return OPERATORS[code] if code < len(OPERATORS) else number[0]


_ISA_NAMES = [name for name in dir(lib) if name.startswith("RLT_ISA_")]
ISA_BITS: dict[str, int] = {
    name.removeprefix("RLT_ISA_").lower(): bit for bit, name in sorted((getattr(lib, n), n) for n in _ISA_NAMES)
}


def isa_mask(names: str | None) -> int:
    """Bits for a comma-separated list of instruction sets ("scalar", "avx2"); 0 (this CPU's) for None.

    A named set brings those it builds on: avxvnni and avx512vnni include avx2, everything includes scalar.
    """
    if names is None:
        return 0
    mask = ISA_BITS["scalar"]
    for name in names.split(","):
        if name not in ISA_BITS:
            raise RilletError(f"unknown instruction set '{name}'; there are {', '.join(ISA_BITS)}")
        mask |= ISA_BITS[name] | (ISA_BITS["avx2"] if name in ("avxvnni", "avx512vnni") else 0)
    return mask


def cpu_isa() -> list[str]:
    """Names of the instruction sets this CPU and this build have, RILLET_ISA considered; on one kind of CPU, each is
    better than those before it."""
    mask = lib.rlt_cpu_isa()
    return [name for name, bit in ISA_BITS.items() if mask & bit]


def verify_bytes(model: bytes | memoryview) -> None:
    """Checks a .tflite file's structure without running it.

    Raises:
        RuntimeFailure: what is wrong, and where.
    """
    error = ffi.new("rlt_error *")
    data = ffi.from_buffer(model)
    check(lib.rlt_verify(data, len(data), error), error)


__all__ = ["ISA_BITS", "RuntimeFailure", "check", "cpu_isa", "ffi", "isa_mask", "lib", "verify_bytes"]
