"""The public header of an exported model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir import DType
from .interface import Argument, Entry

# Status codes of runtime_c/include/rillet.h; model_code.py has the compiler compare them.
STATUS = {
    "OK": (0, "RLT_OK", "success"),
    "ERROR_ARENA": (-9, "RLT_ERROR_ARENA", "too little memory given, or not aligned"),
    "ERROR_IMAGE": (-10, "RLT_ERROR_IMAGE", "the tables are damaged"),
    "ERROR_NOT_READY": (-11, "RLT_ERROR_ARGUMENT", "not initialized"),
    "ERROR_INDEX": (-12, "RLT_ERROR_INDEX", "an index in the input data is out of range"),
}
_RANGES = {DType.INT8: (-128, 127), DType.UINT8: (0, 255), DType.INT16: (-32768, 32767)}


def header(name: str, entries: Sequence[Entry], origin: str) -> str:
    """The text of <name>.h. `origin`: a line that says what made it from what."""
    upper, first = name.upper(), entries[0]
    parts = [
        _TOP.format(name=name, upper=upper, origin=origin, usage=_usage(upper, first), reset=_reset(name, entries))
    ]
    parts.append(
        "\n".join(
            f"#define {upper}_{key} {value if value >= 0 else f'({value})'} /* {text} */"
            for key, (value, _, text) in STATUS.items()
        )
    )
    parts.append(
        _MEMORY.format(
            name=name,
            upper=upper,
            arena=max(e.arena_bytes for e in entries),
            alignment=max(e.arena_alignment for e in entries),
            model=sum(len(e.image) for e in entries),
        )
    )
    parts += [_entry(entry, several=len(entries) > 1) for entry in entries]
    return "\n".join([*parts, _BOTTOM.format(upper=upper)])


def _usage(upper: str, entry: Entry) -> str:
    """The steps of a run, as a comment's lines."""
    lines = [f"if ({upper.lower()}_init() != {upper}_OK) ..."]
    if entry.inputs:
        given = entry.inputs[0]
        lines.append(
            f"memcpy({entry.prefix}_{given.name}(), values, {entry.prefix.upper()}_{given.name.upper()}_BYTES);"
        )
    lines.append(f"if ({entry.prefix}_invoke() != {upper}_OK) ...")
    if entry.outputs:
        lines.append(f"const {entry.outputs[0].c_type} *result = {entry.prefix}_{entry.outputs[0].name}();")
    return "\n".join(f" *     {line}" for line in lines)


def _reset(name: str, entries: Sequence[Entry]) -> str:
    if not any(e.has_state for e in entries):
        return ""
    return f"""
/* Gives what the model remembers from one invoke to the next its first values, as {name}_init() does. */
void {name}_reset(void);
"""


def _entry(entry: Entry, *, several: bool) -> str:
    title = f'Signature "{comment(entry.title)}". ' if several else ""
    lines = [
        f"/* {title}Runs on the inputs, and leaves the outputs. The memory of inputs is used again: fill all of",
        " * them before each invoke. 0, or a negative code. */",
        f"int {entry.prefix}_invoke(void);",
        "",
    ]
    for kind, arguments in (("INPUT", entry.inputs), ("OUTPUT", entry.outputs)):
        lines += [f"#define {entry.prefix.upper()}_{kind}_COUNT {len(arguments)}", ""]
        for argument in arguments:
            lines += [*_argument(entry.prefix, argument, is_input=kind == "INPUT"), ""]
    return "\n".join(lines)


def _argument(prefix: str, a: Argument, *, is_input: bool) -> list[str]:
    name, macro = f"{prefix}_{a.name}", f"{prefix}_{a.name}".upper()
    size = np.dtype(a.dtype.numpy).itemsize
    const, quantized = "" if is_input else "const ", a.scale != 0 and a.dtype in _RANGES
    shape = "x".join(map(str, a.shape)) or "scalar"
    lines = [
        f'/* {"Input" if is_input else "Output"} "{comment(a.title)}": {a.dtype.name.lower()}, {shape}, row-major'
        + (f"; real value = {macro}_SCALE * (value - {macro}_ZERO_POINT)." if quantized else "."),
        f" * NULL before initialization. {'' if is_input else 'Valid until the next invoke of any kind. '}*/",
        f"{const}{a.c_type} *{name}(void);",
        f"#define {macro}_BYTES {a.nbytes}",
        f"#define {macro}_ELEMENTS {a.nbytes // size}",
        f"#define {macro}_RANK {len(a.shape)}",
    ]
    if a.shape:
        lines.append(f"#define {macro}_SHAPE {{{', '.join(map(str, a.shape))}}}")
    if quantized:
        lines += [f"#define {macro}_SCALE {_float(a.scale)}", f"#define {macro}_ZERO_POINT ({a.zero_point})"]
        lines += _quantize(name, macro, a) if is_input else _dequantize(name, macro, a)
    return lines


def _quantize(name: str, macro: str, a: Argument) -> list[str]:
    low, high = _RANGES[a.dtype]
    return [
        "/* A real number as the model takes it: rounded to nearest, halves away from zero, limited to the type. */",
        f"static inline {a.c_type} {name}_quantize(float real) {{",
        f"    const float value = real / {macro}_SCALE;",
        f"    if (!(value > {low - a.zero_point}.0f)) return {low};",
        f"    if (value >= {high - a.zero_point}.0f) return {high};",
        "    const int whole = (int)value;",
        "    const float rest = value - (float)whole;",
        f"    return ({a.c_type})(whole + (rest >= 0.5f) - (rest <= -0.5f) + {macro}_ZERO_POINT);",
        "}",
    ]


def _dequantize(name: str, macro: str, a: Argument) -> list[str]:
    return [
        "/* The real number that an element stands for. */",
        f"static inline float {name}_real({a.c_type} value) {{",
        f"    return {macro}_SCALE * (float)((int)value - {macro}_ZERO_POINT);",
        "}",
    ]


def _float(value: float) -> str:
    """A C constant that is exactly this float32."""
    text = f"{value:.9g}"
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def comment(text: str) -> str:
    """A model's text so that it can stand in a comment or in a string."""
    inside = "".join(c if 32 <= ord(c) < 127 and c not in '"\\?' else "_" for c in text)
    return inside.replace("*/", "* /").replace("/*", "/ *")[:120]


_TOP = """\
/* {origin}
 * Written by `rillet build --export`; do not edit.
 *
{usage}
 *
 * There is one instance, for one task at a time. Nothing is allocated; of the C library only memcpy, memmove, memset
 * and memcmp are called. Sizes are in bytes. */
#ifndef {upper}_H
#define {upper}_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

/* Prepares to run, on memory of its own: {upper}_ARENA_BYTES of static RAM, which linkers leave out of programs that
 * only call {name}_init_in(). 0, or a negative code. */
int {name}_init(void);

/* The same on the caller's memory, which stays the model's until the next initialization: {upper}_ARENA_BYTES or more,
 * at a multiple of {upper}_ARENA_ALIGNMENT. Whatever it holds is overwritten. */
int {name}_init_in(void *arena, size_t bytes);
{reset}
/* Codes that these functions return. */"""

_MEMORY = """\

/* RAM that running takes, stack apart; to place that of {name}_init(), define {upper}_ARENA_ATTRIBUTE, as in
 * -D'{upper}_ARENA_ATTRIBUTE=__attribute__((section(".dtcm")))'. */
#define {upper}_ARENA_BYTES {arena}
#define {upper}_ARENA_ALIGNMENT {alignment}

/* Constants, which should stay in flash; to place them, define {upper}_MODEL_ATTRIBUTE. */
#define {upper}_MODEL_BYTES {model}
"""

_BOTTOM = """\
#ifdef __cplusplus
}}
#endif
#endif /* {upper}_H */
"""
