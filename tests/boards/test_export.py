"""Exported models built with CMake, for this machine and for a Cortex-M4, and what stands in the folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import rillet
from rillet.flatbuffer import write_bytes
from tests.boards.exported import (
    HOST_MAIN,
    M4_MAIN,
    M4_SCRIPT,
    M4_START,
    Case,
    export_case,
    m4_flags,
    need,
    program,
    run_checked,
    run_m4,
)
from tests.boards.tools import TINY
from tests.zoo import ROOT, zoo

STRICT = "-Wall -Wextra -Werror"


@pytest.fixture(scope="session")
def digits() -> bytes:
    """The digits model, int8."""
    folder = ROOT / "examples" / "digits"
    calibration = str(folder / "calibration.npz")
    return write_bytes(rillet.convert(folder / "digits.keras", recipe="static_wi8_ai8", calibration=calibration))


def test_two_models_in_one_program_on_this_machine(digits: bytes, tmp_path: Path) -> None:
    need("cmake", "cc")
    cases = [
        export_case(digits, "native", tmp_path / "digits", "digits"),
        export_case(zoo(TINY["dscnn"]), "native", tmp_path / "kws", "KWS 12-words"),
    ]
    assert cases[1].export.name == "kws_12_words"
    printed = _cmake(tmp_path, cases, {"main.c": HOST_MAIN}, "", [])
    assert run_checked([printed], tmp_path).splitlines() == [line for case in cases for line in case.lines]


def test_two_models_in_one_program_on_the_emulated_m4(digits: bytes, tmp_path: Path) -> None:
    need("cmake", "arm-none-eabi-gcc", "qemu-system-arm")
    cases = [
        export_case(digits, "cortex-m4f", tmp_path / "digits", "digits"),
        export_case(zoo(TINY["dscnn"]), "cortex-m4f", tmp_path / "kws", "kws"),
    ]
    (tmp_path / "m4.ld").write_text(M4_SCRIPT)
    link = f"-T{tmp_path / 'm4.ld'} -nostartfiles --specs=nano.specs -Wl,--gc-sections -Wl,--no-warn-rwx-segments"
    cross = ["-DCMAKE_SYSTEM_NAME=Generic", "-DCMAKE_C_COMPILER=arm-none-eabi-gcc"]
    cross.append("-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY")
    elf = _cmake(tmp_path, cases, {"main.c": M4_MAIN, "start.c": M4_START}, " ".join(m4_flags()), cross, link)
    assert run_m4(elf) == [line for case in cases for line in case.lines]


def _cmake(
    folder: Path, cases: Sequence[Case], files: dict[str, str], flags: str, arguments: list[str], link: str = ""
) -> Path:
    """A program of a project that has the exported folders as subdirectories."""
    texts = {"program.c": program(cases), **files}
    for name, text in texts.items():
        (folder / name).write_text(text)
    names = " ".join(case.export.name for case in cases)
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(app LANGUAGES C)\n"
        + "".join(f"add_subdirectory({case.export.folder.name})\n" for case in cases)
        + f"add_executable(app {' '.join(texts)})\ntarget_link_libraries(app PRIVATE {names})\n"
    )
    settings = [f"-DCMAKE_C_FLAGS={flags} {STRICT}", f"-DCMAKE_EXE_LINKER_FLAGS={link}", *arguments]
    run_checked(["cmake", "-S", ".", "-B", "build", *settings], folder)
    run_checked(["cmake", "--build", "build"], folder)
    return folder / "build" / "app"
