"""Programs around exported models: they run them on given inputs and print the outputs in hexadecimal."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rillet.boards import load_board
from rillet.boards.catalogue import board_with_core
from rillet.boards.export import Export, export_source
from rillet.boards.target import Target, prepare_target
from rillet.runtime import Plan, Session

M4 = "mps2-an386"


@dataclass(frozen=True)
class Case:
    """An exported model with the inputs it gets and the outputs it should give, in the order of its accessors."""

    export: Export
    inputs: tuple[NDArray[Any], ...]
    outputs: tuple[NDArray[Any], ...]

    @property
    def lines(self) -> list[str]:
        """What a program prints of it."""
        return [f"{self.export.name} {value.tobytes().hex()}" for value in self.outputs]


def export_case(model: Path | bytes, core: str, folder: Path, name: str) -> Case:
    """Exports a model of one signature, and runs it here with the portable kernels."""
    target = prepare_target(model, board_with_core(core), name)
    host = Session(Plan(target.data, isa="scalar"))
    rng = np.random.default_rng(3)
    inputs = [rng.integers(-128, 128, view.shape).astype(view.dtype) for view in host.inputs]
    for view, value in zip(host.inputs, inputs, strict=True):
        view[...] = value
    host.invoke()
    outputs = tuple(np.array(view) for view in host.outputs)
    return Case(export_to(target, folder), tuple(inputs), outputs)


def export_to(target: Target, folder: Path) -> Export:
    return export_source(target, folder, must_fit=False)


def program(cases: Sequence[Case]) -> str:
    """C code of a function that runs all, one after the other once all are initialized."""
    names = [case.export.name for case in cases]
    tables = [
        f"static const uint8_t {case.export.name}_given_{i}[] = {{{', '.join(map(str, value.tobytes()))}}};"
        for case in cases
        for i, value in enumerate(case.inputs)
    ]
    steps = [f'    if ({name}_init() != 0) emit("{name}: init failed\\n");' for name in names]
    for case in cases:
        name = case.export.name
        inputs, outputs = (
            _accessors(kind, values) for kind, values in (("input", case.inputs), ("output", case.outputs))
        )
        steps += [f"    memcpy({name}_{a}(), {name}_given_{i}, sizeof {name}_given_{i});" for i, a in enumerate(inputs)]
        steps.append(f'    if ({name}_invoke() != 0) emit("{name}: invoke failed\\n");')
        steps += [f'    show(emit, "{name} ", {name}_{a}(), {name.upper()}_{a.upper()}_BYTES);' for a in outputs]
    return "\n".join(
        [
            *(f'#include "{name}.h"' for name in names),
            SHOW,
            *tables,
            "void run_all(void (*emit)(const char *text));",
            "void run_all(void (*emit)(const char *text)) {",
            *steps,
            "}",
            "",
        ]
    )


def _accessors(kind: str, values: Sequence[object]) -> list[str]:
    assert len(values) == 1, "models of these tests have one input and one output"
    return [kind]


SHOW = r"""
#include <string.h>

static void show(void (*emit)(const char *text), const char *title, const void *values, int bytes) {
    static const char digits[] = "0123456789abcdef";
    emit(title);
    for (int i = 0; i < bytes; i++) {
        const uint8_t value = ((const uint8_t *)values)[i];
        const char text[3] = {digits[value >> 4], digits[value & 15], 0};
        emit(text);
    }
    emit("\n");
}
"""

HOST_MAIN = r"""
#include <stdio.h>
void run_all(void (*emit)(const char *text));
static void emit(const char *text) { fputs(text, stdout); }
int main(void) { run_all(emit); return 0; }
"""

# For QEMU's mps2-an386: everything is where it runs, and text goes out through semihosting.
M4_START = r"""
#include <stdint.h>
extern uint32_t stack_end[], bss_begin[], bss_end[];
int main(void);
static long semihosting(long operation, const void *argument) {
    register long r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}
void say(const char *text);
void say(const char *text) { semihosting(4, text); }
void reset_handler(void);
void reset_handler(void) {
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
    __asm__ volatile("dsb\n isb");
    for (uint32_t *at = bss_begin; at != bss_end; at++) *at = 0;
    main();
    const uint32_t done[2] = {0x20026, 0};
    semihosting(0x20, done);
    for (;;) {
    }
}
__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {stack_end, (void *)reset_handler};
"""

M4_MAIN = r"""
void say(const char *text);
void run_all(void (*emit)(const char *text));
int main(void) { run_all(say); return 0; }
"""

M4_SCRIPT = """
MEMORY { code : ORIGIN = 0, LENGTH = 4M  ram : ORIGIN = 0x20000000, LENGTH = 4M }
SECTIONS {
  .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) } > code
  .ARM.exidx : { *(.ARM.exidx*) } > code
  .data : { *(.data*) } > ram
  .bss : { bss_begin = .; *(.bss*) *(COMMON) . = ALIGN(4); bss_end = .; } > ram
  .stack (NOLOAD) : { . += 0x10000; stack_end = .; } > ram
}
"""


def m4_flags() -> list[str]:
    return list(load_board(M4).flags)


def run_m4(elf: Path) -> list[str]:
    """The lines that a program says in the emulator."""
    machine = ["qemu-system-arm", "-M", M4, "-kernel", str(elf), "-display", "none", "-monitor", "none"]
    machine += ["-serial", "none", "-semihosting-config", "enable=on,target=native"]
    done = subprocess.run(machine, capture_output=True, text=True, timeout=60, check=False)
    return (done.stdout + done.stderr).splitlines()


def run_checked(command: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """What a command prints; the test fails with it where the command does."""
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{command[0]}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def need(*programs: str) -> None:
    for name in programs:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
