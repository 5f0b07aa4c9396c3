"""Writes the C source of the Python extension module from rillet.h: usage `emit.py rillet.h out.c`.

cffi's parser knows no preprocessor, so comments and directives are removed here, plain `#define NAME number` lines
kept, and the status list expanded. Nothing is declared a second time by hand.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import cffi


def declarations(header: str) -> str:
    """The declarations of rillet.h in the form that cffi parses."""
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    statuses = re.findall(r"X\((\w+), (-?\d+),", text)
    constants = re.findall(r"^#define (RLT_\w+) (0x[0-9a-fA-F]+|\d+)\s*$", text, flags=re.M)
    text = text.replace("\\\n", " ")
    members = ", ".join(f"{name} = {value}" for name, value in statuses)
    text = re.sub(r"^\s*RLT_STATUS_LIST\(RLT_STATUS_ENUM\)", members, text, flags=re.M)
    text = re.sub(r"#if defined\(__cplusplus\)\n.*?#endif", "", text, flags=re.S)
    text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    return "\n".join(f"#define {name} {value}" for name, value in constants) + "\n" + text


def main() -> None:
    header, output = Path(sys.argv[1]), sys.argv[2]
    builder = cffi.FFI()
    builder.cdef(declarations(header.read_text()))
    builder.set_source("rillet.runtime._native", '#include "rillet.h"', py_limited_api=True)
    builder.emit_c_code(output)


if __name__ == "__main__":
    main()
