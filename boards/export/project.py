"""The project files of an exported model: one folder that CMake, PlatformIO, Arduino, ESP-IDF and Zephyr can use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from .header import comment
from .interface import Entry
from .runtime_files import EXTENSIONS

_TEMPLATES = "templates"
_URL = "https://pypi.org/project/rillet/"
_SHOWN = 10


def project_files(
    name: str,
    entries: Sequence[Entry],
    sources: Sequence[str],
    *,
    version: str,
    title: str,
    core: str,
    flags: Sequence[str],
    isa: Sequence[str],
    sizes: Mapping[str, str],
    command: str,
) -> dict[str, str]:
    """Texts by path.

    Args:
        sources: C files, by path. title: of the model. core, flags, isa: what it was exported for. sizes: rows of the
            README's table. command: what writes this folder.
    """
    entry = entries[0]
    needed = [s.upper() for s in isa if s in EXTENSIONS]
    values = {
        "name": name,
        "upper": name.upper(),
        "prefix": entry.prefix,
        "version": version,
        "url": _URL,
        "summary": f"The model {comment(title)}, compiled for {core}",
        "sources": "\n".join(f"  {source}" for source in sources),
        "table": "\n".join(f"| {key} | {value} |" for key, value in sizes.items()),
        "flags": " ".join(flags) or "no flags",
        "isa": f" (it must have {' and '.join(needed)})" if needed else "",
        "command": comment(command),
        "usage": _usage(name, entry),
    }
    fill = [f"memset({entry.prefix}_{a.name}(), 0, {_macro(entry, a.name)}_BYTES);" for a in entry.inputs]
    first = entry.outputs[0] if entry.outputs else None
    plain = {"fill": _lines(fill, 8), "show": ""}
    sketch = {"fill": _lines(fill, 2), "show": ""}
    if first is not None:
        output, macro = f"{entry.prefix}_{first.name}", _macro(entry, first.name)
        loop = f"for (int i = 0; i < {macro}_ELEMENTS && i < {_SHOWN}; i++) {{"
        plain["show"] = _lines([loop, f'    printf("%g\\n", (double){output}()[i]);', "}"], 4)
        sketch["show"] = _lines([f"Serial.println((double){output}()[0]);"], 2)
    own = {"examples/plain/main.c": plain, "examples/sketch/sketch.ino": sketch}
    return {path: fill_in(text, {**values, **own.get(path, {})}) for path, text in _templates().items()}


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """`text` with each @key@ replaced by its value."""
    return re.sub(r"@(\w+)@", lambda m: values[m[1]], text)


def _usage(name: str, entry: Entry) -> str:
    lines = [f'#include "{name}.h"', "", f"{name}_init();"]
    lines += [f"memcpy({entry.prefix}_{a.name}(), values, {_macro(entry, a.name)}_BYTES);" for a in entry.inputs[:1]]
    lines += [f"{entry.prefix}_invoke();"]
    lines += [f"const {a.c_type} *result = {entry.prefix}_{a.name}();" for a in entry.outputs[:1]]
    return "\n".join(lines)


def _macro(entry: Entry, argument: str) -> str:
    return f"{entry.prefix}_{argument}".upper()


def _lines(lines: Sequence[str], indent: int) -> str:
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


def _templates() -> dict[str, str]:
    folder = Path(str(resources.files(__package__))) / _TEMPLATES
    return {p.relative_to(folder).as_posix(): p.read_text("utf-8") for p in sorted(folder.rglob("*")) if p.is_file()}
