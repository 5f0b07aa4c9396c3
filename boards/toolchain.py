"""Finding and running the C compiler for a board's core."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from .board import BoardError


@dataclass(frozen=True)
class _Family:
    """A toolchain's compiler names, in order of preference, and how to get one."""

    compilers: tuple[str, ...]
    install: str


_BARE = ("-ffreestanding", "-nostdlib", "-fno-common")
_FAMILIES = {
    "arm-none-eabi": _Family(
        ("arm-none-eabi-gcc",), "apt install gcc-arm-none-eabi, or brew install --cask gcc-arm-embedded"
    ),
    "riscv64-unknown-elf": _Family(
        ("riscv64-unknown-elf-gcc", "riscv32-unknown-elf-gcc", "riscv-none-elf-gcc"),
        "apt install gcc-riscv64-unknown-elf, or brew install riscv64-elf-gcc",
    ),
    "native": _Family(("cc", "gcc", "clang"), "apt install gcc, or xcode-select --install"),
}


@dataclass(frozen=True)
class Compiler:
    """A compiler that was found. `identity` changes when another version takes its place."""

    path: str
    flags: tuple[str, ...]
    bare: bool
    identity: str

    def run(self, arguments: Sequence[str]) -> None:
        """Runs it.

        Raises:
            BoardError: it fails; the text holds what it said.
        """
        done = subprocess.run([self.path, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise BoardError(f"{os.path.basename(self.path)} failed:\n{done.stderr.strip() or done.stdout.strip()}")


def find_compiler(toolchain: str) -> Compiler:
    """The compiler of a toolchain, by its usual names on PATH or as configured.

    The environment variable RILLET_CC_<TOOLCHAIN> (dashes as underscores) configures another: a path or a name.

    Raises:
        BoardError: there is none; the text names the package to install.
    """
    if toolchain not in _FAMILIES:
        raise BoardError(f"no toolchain '{toolchain}'; there are {', '.join(_FAMILIES)}")
    family = _FAMILIES[toolchain]
    variable = "RILLET_CC_" + toolchain.upper().replace("-", "_")
    wanted = os.environ.get(variable)
    for name in (wanted,) if wanted else family.compilers:
        path = shutil.which(name)
        if path is not None:
            real = os.stat(os.path.realpath(path))
            identity = f"{path} {real.st_size} {real.st_mtime_ns}"
            bare = toolchain != "native"
            return Compiler(path, (*_BARE, *_own_headers(path)) if bare else (), bare, identity)
    if wanted:
        raise BoardError(f"{variable} names {wanted}, which is not an executable program")
    raise BoardError(
        f"no compiler {family.compilers[0]} on PATH; {family.install}, or name yours in the variable {variable}"
    )


def _own_headers(path: str) -> tuple[str, ...]:
    """Only the compiler's own headers (stdint.h and the like): nothing may depend on a C library being installed."""
    asked = subprocess.run([path, "-print-file-name=include"], capture_output=True, text=True, check=False)
    folder = asked.stdout.strip()
    return ("-nostdinc", "-isystem", folder) if os.path.isdir(folder) else ()
