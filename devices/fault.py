"""What a device says when its processor takes a fault, in words."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

FAULT_BYTES = 48
_REGISTERS = {0: ("r0", "r1", "r2", "r3", "r12"), 1: ("a0", "a1", "a2", "a3", "t0")}

# Configurable Fault Status Register: Armv7-M and Armv8-M architecture reference manuals.
_ARM_CAUSES = {
    0: "instruction fetch from a forbidden address", 1: "access to a forbidden address",
    3: "memory fault on leaving an exception", 4: "memory fault while stacking", 5: "memory fault in lazy FPU stacking",
    8: "bus error on an instruction fetch", 9: "bus error at this access", 10: "bus error of an earlier access",
    11: "bus error on leaving an exception", 12: "bus error while stacking (stack overflow?)",
    13: "bus error in lazy FPU stacking", 16: "undefined instruction", 17: "jump to an address without Thumb bit",
    18: "bad return from an exception", 19: "coprocessor or FPU that is off", 20: "stack limit passed",
    24: "unaligned access", 25: "division by zero",
}  # fmt: skip
_ADDRESS_VALID = 15  # BFARVALID
# mcause: RISC-V privileged architecture, table of exception codes.
_RISCV_CAUSES = {
    0: "misaligned jump", 1: "instruction fetch from a forbidden address", 2: "undefined instruction", 3: "breakpoint",
    4: "misaligned load", 5: "load from a forbidden address", 6: "misaligned store", 7: "store to a forbidden address",
    11: "environment call",
}  # fmt: skip
_RISCV_ADDRESSED = (0, 1, 4, 5, 6, 7)


@dataclass(frozen=True)
class Fault:
    """The processor's state at a fault.

    Attributes:
        pc, lr: addresses of the instruction and of its caller's. sp: stack pointer before the fault.
        cause: fault status register; 0 where the core has none. address: that was accessed; None if not known.
        status: xPSR or mstatus. registers: those that calls do not keep, by name.
        reason: the cause in words; "" where the core does not say.
    """

    pc: int
    lr: int
    cause: int
    address: int | None
    sp: int
    status: int
    registers: Mapping[str, int]
    reason: str


def parse_fault(body: bytes) -> Fault:
    """From the body of a FAULT frame, FAULT_BYTES long."""
    pc, lr, cause, address, sp, status, *registers, architecture = struct.unpack("<12I", body)
    named = dict(zip(_REGISTERS.get(architecture, _REGISTERS[0]), registers, strict=True))
    if architecture == 1:
        known, reason = cause in _RISCV_ADDRESSED, _RISCV_CAUSES.get(cause, "")
    else:
        known = bool(cause >> _ADDRESS_VALID & 1)
        reason = ", ".join(text for bit, text in _ARM_CAUSES.items() if cause >> bit & 1)
    return Fault(pc, lr, cause, address if known else None, sp, status, named, reason)
