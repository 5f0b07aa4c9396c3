"""The C files of an exported model: its functions, and its plan images as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .header import STATUS
from .interface import Argument, Entry

_PER_LINE = 8


def model_code(name: str, entries: Sequence[Entry], kernels: Sequence[str], symbols: Mapping[str, str]) -> str:
    """The text of <name>.c. `kernels`: as the images number them; `symbols`: names of functions in this export."""
    upper = name.upper()
    arena, alignment = max(e.arena_bytes for e in entries), max(e.arena_alignment for e in entries)
    named = [symbols[f"rlt_{kernel}"] for kernel in kernels]
    parts = [
        "/* Written by rillet. */",
        f'#include "{name}.h"\n',
        '#include "rillet/names.h"',
        '#include "rillet/kernel.h"\n',
        *(f'_Static_assert({upper}_{key} == {code}, "");' for key, (_, code, _) in STATUS.items()),
        "",
        *(f"extern const uint32_t {entry.prefix}_image[];" for entry in entries),
        *(f"rlt_status {kernel}(const rlt_run *run, const void *params);" for kernel in named),
        "static const rlt_kernel_fn kernels[] = {",
        *(f"    {kernel}," for kernel in named or ["NULL"]),
        "};\n",
        *(f"static rlt_session {_session(name, entry)};" for entry in entries),
        _INIT.format(
            name=name,
            upper=upper,
            arena=max(arena, 1),
            alignment=alignment,
            opened="\n    if (status == RLT_OK) status = ".join(_open(name, entry) for entry in entries),
            closed=" = ".join(f"{_session(name, entry)}.image" for entry in entries),
        ),
    ]
    if any(entry.has_state for entry in entries):
        resets = "".join(f"    rlt_session_reset(&{_session(name, e)});\n" for e in entries if e.has_state)
        parts.append(
            f"void {name}_reset(void) {{\n    if ({_session(name, entries[-1])}.image == NULL) return;\n{resets}}}\n"
        )
    for entry in entries:
        session = _session(name, entry)
        parts.append(
            f"int {entry.prefix}_invoke(void) {{\n"
            f"    return {session}.image == NULL ? {upper}_ERROR_NOT_READY : (int)rlt_session_invoke(&{session});\n}}\n"
        )
        parts += [_accessor(entry, session, "input", i, a) for i, a in enumerate(entry.inputs)]
        parts += [_accessor(entry, session, "output", i, a) for i, a in enumerate(entry.outputs)]
    return "\n".join(parts)


def image_code(name: str, entries: Sequence[Entry]) -> str:
    """The text of <name>_image.c."""
    upper = name.upper()
    parts = [
        "/* Written by rillet: steps, parameters and packed weights, as runtime_c/core/image.h describes them. */",
        "#include <stdint.h>\n",
        f"#ifndef {upper}_MODEL_ATTRIBUTE\n#define {upper}_MODEL_ATTRIBUTE\n#endif\n",
    ]
    for entry in entries:
        padded = entry.image + bytes(-len(entry.image) % 4)
        words = [f"{int.from_bytes(padded[i : i + 4], 'little'):#010x}" for i in range(0, len(padded), 4)]
        rows = [", ".join(words[i : i + _PER_LINE]) for i in range(0, len(words), _PER_LINE)]
        parts.append(f"extern const uint32_t {entry.prefix}_image[];")
        parts.append(f"{upper}_MODEL_ATTRIBUTE __attribute__((aligned(16)))")
        parts.append(f"const uint32_t {entry.prefix}_image[{len(words)}] = {{")
        parts += [*(f"    {row}," for row in rows), "};", ""]
    return "\n".join(parts)


def _session(name: str, entry: Entry) -> str:
    return entry.prefix.removeprefix(name).removeprefix("_") + "_session" if entry.prefix != name else "session"


def _open(name: str, entry: Entry) -> str:
    return f"rlt_session_open_with(&{_session(name, entry)}, {entry.prefix}_image, NULL, arena, bytes, kernels);"


def _accessor(entry: Entry, session: str, kind: str, index: int, argument: Argument) -> str:
    const = "" if kind == "input" else "const "
    return (
        f"{const}{argument.c_type} *{entry.prefix}_{argument.name}(void) {{\n"
        f"    return {session}.image == NULL ? NULL : "
        f"({const}{argument.c_type} *)rlt_session_{kind}(&{session}, {index}).data;\n}}\n"
    )


_INIT = """\

#ifndef {upper}_ARENA_ATTRIBUTE
#define {upper}_ARENA_ATTRIBUTE
#endif
{upper}_ARENA_ATTRIBUTE __attribute__((aligned({alignment}))) static uint8_t own_arena[{arena}];

int {name}_init_in(void *arena, size_t bytes) {{
    rlt_status status = {opened}
    if (status != RLT_OK) {closed} = NULL;
    return (int)status;
}}

int {name}_init(void) {{
    return {name}_init_in(own_arena, sizeof own_arena);
}}
"""
