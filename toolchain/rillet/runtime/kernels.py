"""Which operators and kernels the C library has; runtime_c/kernels/ops.def is the one list of them."""

from __future__ import annotations

from dataclasses import dataclass

from .native import ISA_BITS, ffi, lib


@dataclass(frozen=True)
class Kernel:
    """A kernel and the instruction set that it needs ("conv_2d_s8_avx512vnni", "avx512vnni")."""

    name: str
    isa: str


def operators() -> dict[str, int]:
    """TFLite's builtin operators that the C library runs: name ("CONV_2D") and number."""
    found: dict[str, int] = {}
    code = ffi.new("int32_t *")
    while (name := lib.rlt_operator_name(len(found), code)) != ffi.NULL:
        found[ffi.string(name).decode()] = int(code[0])
    return found


def kernels() -> list[Kernel]:
    """Every kernel, also those that another CPU would need."""
    names = {bit: name for name, bit in ISA_BITS.items()}
    found: list[Kernel] = []
    while (name := lib.rlt_kernel_name(len(found))) != ffi.NULL:
        found.append(Kernel(ffi.string(name).decode(), names[lib.rlt_kernel_isa(len(found))]))
    return found
