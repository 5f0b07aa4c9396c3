"""Exported models built with CMake, for this machine and for a Cortex-M4, and what stands in the folder."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rillet
from rillet import finetune
from rillet.boards import BoardError, load_board
from rillet.boards.catalogue import board_with_core
from rillet.boards.export import Export, export_source
from rillet.boards.export.interface import identifier
from rillet.boards.target import prepare_target
from rillet.finetune.backends import Here
from rillet.flatbuffer import write_bytes
from tests.boards.exported import (
    HOST_MAIN,
    M4_MAIN,
    M4_SCRIPT,
    M4_START,
    SHOW,
    Case,
    export_case,
    export_to,
    m4_flags,
    need,
    program,
    run_checked,
    run_m4,
)
from tests.boards.tools import TINY
from tests.finetuning.models import network
from tests.zoo import zoo

STRICT = "-Wall -Wextra -Werror"


def test_two_models_in_one_program_on_this_machine(digits: bytes, tmp_path: Path) -> None:
    need("cmake", "cc")
    cases = [
        export_case(digits, "native", tmp_path / "digits", "digits"),
        export_case(zoo(TINY["dscnn"]), "native", tmp_path / "kws", "KWS 12-words"),
    ]
    assert cases[1].export.name == "kws_12_words"
    printed = _cmake(tmp_path, program(cases), [case.export for case in cases], {"main.c": HOST_MAIN}, "", [])
    assert run_checked([printed], tmp_path).splitlines() == [line for case in cases for line in case.lines]
    for case in cases:
        _check_symbols(run_checked(["nm", f"build/{case.export.folder.name}/lib{case.export.name}.a"], tmp_path), case)


def _check_symbols(listed: str, case: Case) -> None:
    """Every function of the runtime has its digest and is weak; all else that others see bears the model's name."""
    runtime, own = r"rlt_\w+_[0-9a-f]{8}", rf"{case.export.name}_\w+"
    kinds: dict[str, set[str]] = {}
    for line in listed.splitlines():
        words = line.split()
        if len(words) > 1:
            kinds.setdefault(words[-2], set()).add(words[-1])
    assert kinds["W"] and all(re.fullmatch(runtime, name) for name in kinds.pop("W"))
    wanted = kinds.pop("U") - {"_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}
    assert all(re.fullmatch(f"{runtime}|{own}|mem(cpy|set|move|cmp)", name) for name in wanted), wanted
    public = {name for kind, names in kinds.items() if kind.isupper() for name in names}
    assert public and all(re.fullmatch(own, name) for name in public)


def test_two_models_in_one_program_on_the_emulated_m4(digits: bytes, tmp_path: Path) -> None:
    need("cmake", "arm-none-eabi-gcc", "qemu-system-arm")
    cases = [
        export_case(digits, "cortex-m4f", tmp_path / "digits", "digits"),
        export_case(zoo(TINY["dscnn"]), "cortex-m4f", tmp_path / "kws", "kws"),
    ]
    elf = _m4(tmp_path, program(cases), [case.export for case in cases])
    assert run_m4(elf) == [line for case in cases for line in case.lines]


def _m4(folder: Path, text: str, exports: Sequence[Export]) -> Path:
    (folder / "m4.ld").write_text(M4_SCRIPT)
    link = f"-T{folder / 'm4.ld'} -nostartfiles --specs=nano.specs -Wl,--gc-sections -Wl,--no-warn-rwx-segments"
    cross = ["-DCMAKE_SYSTEM_NAME=Generic", "-DCMAKE_C_COMPILER=arm-none-eabi-gcc"]
    cross.append("-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY")
    return _cmake(folder, text, exports, {"main.c": M4_MAIN, "start.c": M4_START}, " ".join(m4_flags()), cross, link)


def _cmake(
    folder: Path,
    text: str,
    exports: Sequence[Export],
    files: dict[str, str],
    flags: str,
    arguments: list[str],
    link: str = "",
) -> Path:
    """A program of a project that has the exported folders as subdirectories."""
    texts = {"program.c": text, **files}
    for name, content in texts.items():
        (folder / name).write_text(content)
    names = " ".join(done.name for done in exports)
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(app LANGUAGES C)\n"
        + "".join(f"add_subdirectory({done.folder.name})\n" for done in exports)
        + f"add_executable(app {' '.join(texts)})\ntarget_link_libraries(app PRIVATE {names})\n"
    )
    settings = [f"-DCMAKE_C_FLAGS={flags} {STRICT}", f"-DCMAKE_EXE_LINKER_FLAGS={link}", *arguments]
    run_checked(["cmake", "-S", ".", "-B", "build", *settings], folder)
    run_checked(["cmake", "--build", "build"], folder)
    return folder / "build" / "app"


def test_signatures_share_variables(tmp_path: Path) -> None:
    """A model that trains: steps of training, and what they leave in the variables, as here bit for bit."""
    need("cmake", "arm-none-eabi-gcc", "qemu-system-arm")
    data = write_bytes(finetune.prepare(network(), "last:1", optimizer="momentum", learning_rate=0.02).model)
    done = export_to(prepare_target(data, board_with_core("cortex-m4f"), "net"), tmp_path / "net")
    here, rng = Here(data, exact=True), np.random.default_rng(1)
    x, y = rng.standard_normal((1, 6, 6, 1)).astype(np.float32), np.array([2], np.int32)
    lines = []
    for _ in range(2):
        lines.append(f"loss {here.run('train', {'x': x, 'y': y})['loss'].tobytes().hex()}")
    lines.append(f"weights {here.run('save', {})['head/w'].tobytes().hex()}")
    text = TRAINING % {"x": ", ".join(map(str, x.tobytes())), "y": ", ".join(map(str, y.tobytes()))}
    elf = _m4(tmp_path, text, [done])
    assert run_m4(elf) == lines


TRAINING = (
    '#include "net.h"\n'
    + SHOW
    + """
static const uint8_t x[] = {%(x)s}, y[] = {%(y)s};
void run_all(void (*emit)(const char *text));
void run_all(void (*emit)(const char *text)) {
    net_init();
    for (int round = 0; round < 2; round++) {
        memcpy(net_train_input_x(), x, sizeof x);
        memcpy(net_train_input_y(), y, sizeof y);
        if (net_train_invoke() != NET_OK) emit("train failed\\n");
        show(emit, "loss ", net_train_output_loss(), NET_TRAIN_OUTPUT_LOSS_BYTES);
    }
    if (net_save_invoke() != NET_OK) emit("save failed\\n");
    show(emit, "weights ", net_save_output_head_w(), NET_SAVE_OUTPUT_HEAD_W_BYTES);
}
"""
)


def test_the_interface(digits: bytes, tmp_path: Path) -> None:
    """Constants, conversions and codes, seen from C++ and checked against the interpreter's words."""
    need("cc", "c++")
    case = export_case(digits, "native", tmp_path / "digits", "digits")
    details = rillet.Interpreter(model_content=digits)
    (scale, zero), (out_scale, out_zero) = (
        d[0]["quantization"] for d in (details.get_input_details(), details.get_output_details())
    )
    reals = [-1e9, -0.5, 0.0, scale / 2, scale * 1.4999, scale * 2.5, 0.37, 1e9]
    (tmp_path / "main.cpp").write_text(
        INTERFACE % {"reals": ", ".join(f"{r:.9g}f" if "." in f"{r:.9g}" else f"{r:.1f}f" for r in reals)}
    )
    objects = []
    for source in case.export.folder.rglob("src/**/*.c"):
        objects.append(tmp_path / f"{source.stem}.o")
        run_checked(["cc", "-std=c11", "-O1", "-c", source, "-o", objects[-1]], tmp_path)
    command = ["c++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-I", case.export.folder / "src", "main.cpp"]
    run_checked([*command, *objects, "-o", "app"], tmp_path)
    printed = [line.split() for line in run_checked([tmp_path / "app"], tmp_path).splitlines()]
    value = np.asarray(reals, np.float32) / np.float32(scale)
    quantized = np.clip(np.trunc(value + np.copysign(np.float32(0.5), value)) + zero, -128, 127)
    assert printed[0] == ["-11", "1", "-9", "-9", "0", "0"]
    assert printed[1] == [str(int(q)) for q in quantized]
    assert [float(p) for p in printed[2]] == [
        np.float32(scale), zero, np.float32(out_scale), out_zero, np.float32(out_scale) * np.float32(127 - out_zero)
    ]  # fmt: skip
    shape = case.inputs[0].shape
    assert [int(p) for p in printed[3]] == [*shape, len(shape), case.inputs[0].nbytes, case.inputs[0].size]


INTERFACE = r"""
#include "digits.h"
#include <stdio.h>

alignas(DIGITS_ARENA_ALIGNMENT) static unsigned char arena[DIGITS_ARENA_BYTES + 1];

int main() {
    const int before = digits_invoke();
    printf("%%d %%d ", before, digits_input() == NULL);
    printf("%%d %%d ", digits_init_in(arena, DIGITS_ARENA_BYTES - 1), digits_init_in(arena + 1, DIGITS_ARENA_BYTES));
    printf("%%d ", digits_init_in(arena, sizeof arena));
    printf("%%d\n", digits_invoke());
    const float reals[] = {%(reals)s};
    for (float real : reals) printf("%%d ", digits_input_quantize(real));
    printf("\n%%.9g %%d %%.9g %%d %%.9g\n", DIGITS_INPUT_SCALE, DIGITS_INPUT_ZERO_POINT, DIGITS_OUTPUT_SCALE,
           DIGITS_OUTPUT_ZERO_POINT, digits_output_real(127));
    const int shape[] = DIGITS_INPUT_SHAPE;
    for (int size : shape) printf("%%d ", size);
    printf("%%d %%d %%d\n", DIGITS_INPUT_RANK, DIGITS_INPUT_BYTES, DIGITS_INPUT_ELEMENTS);
}
"""


def test_names() -> None:
    assert [identifier(t) for t in ("KWS 12-words", "9lives", "string", "stdint", "", "Ünï")] == [
        "kws_12_words", "model_9lives", "model_string", "model_stdint", "model", "n",
    ]  # fmt: skip


def test_another_core_is_refused_by_the_compiler(digits: bytes, tmp_path: Path) -> None:
    need("arm-none-eabi-gcc")
    case = export_case(digits, "cortex-m4f", tmp_path / "digits", "digits")
    source = next((case.export.folder / "src" / "rillet").glob("*_dsp.c"))
    done = subprocess.run(["arm-none-eabi-gcc", "-mcpu=cortex-m3", "-c", source], capture_output=True, text=True)
    assert done.returncode and 'error "this model was exported for cortex-m4f: dsp is missing"' in done.stderr


def test_only_what_an_export_wrote_is_replaced(digits: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "parent" / "model"
    target = prepare_target(digits, board_with_core("native"), "digits")
    first = export_to(target, folder)
    assert first.kept is None and {*first.files, "rillet.json"} == _files(folder)
    inode = folder.stat().st_ino
    assert export_to(target, folder).kept is None and folder.stat().st_ino != inode
    (folder / "notes.txt").write_text("mine")
    (folder / "src" / "digits.c").write_text("changed")
    before = _files(folder)
    with pytest.raises(BoardError, match=r"did not write \(notes\.txt, src/digits\.c\).* say --force"):
        export_to(target, folder)
    assert _files(folder) == before and (folder / "src" / "digits.c").read_text() == "changed"
    kept = export_source(target, folder, must_fit=False, force=True).kept
    assert kept is not None and (kept / "notes.txt").read_text() == "mine" and not (folder / "notes.txt").exists()
    assert sorted(p.name for p in folder.parent.iterdir()) == ["model", "model.before-1"]
    (tmp_path / "file").write_text("")
    with pytest.raises(BoardError, match="is a file"):
        export_to(target, tmp_path / "file")


def test_a_model_too_big_for_the_board_is_not_exported(digits: bytes, tmp_path: Path) -> None:
    board = load_board("microbit")
    assert board.memory is not None
    small = replace(board.memory.arena, bytes=1024)
    target = prepare_target(digits, replace(board, memory=replace(board.memory, arena=small, data=small)), "digits")
    with pytest.raises(BoardError, match=r"does not fit microbit: arena \d+"):
        export_source(target, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def _files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
