"""An Arduino platform for the emulated Cortex-M4: as little of a core as sketches of these tests use."""

from __future__ import annotations

from pathlib import Path

from tests.boards.exported import M4_SCRIPT, M4_START, m4_flags, run_checked


def build_sketch(sketch: Path, libraries: Path, folder: Path) -> Path:
    """The program that arduino-builder makes of a sketch, in `folder`; `libraries` holds one in each of its folders."""
    (folder / "m4.ld").write_text(M4_SCRIPT)
    platform = folder / "hardware" / "rillet" / "emulated"
    core = platform / "cores" / "emulated"
    core.mkdir(parents=True)
    (platform / "boards.txt").write_text("m4.name=M4\nm4.build.core=emulated\nm4.build.board=M4\n")
    text = _PLATFORM.format(flags=" ".join(m4_flags()), script=folder / "m4.ld")
    (platform / "platform.txt").write_text(text)
    for name, content in {"Arduino.h": _CORE, "main.cpp": _MAIN, "start.c": M4_START}.items():
        (core / name).write_text(content)
    for name in ("build", "tools"):
        (folder / name).mkdir()
    command = ["arduino-builder", "-compile", "-fqbn", "rillet:emulated:m4", "-build-path", folder / "build"]
    command += ["-hardware", folder / "hardware", "-tools", folder / "tools"]
    run_checked([*command, "-libraries", libraries, sketch], folder)
    return folder / "build" / "program.elf"


_CORE = r"""
#pragma once
#include <stdint.h>
void setup(void);
void loop(void);
unsigned long micros(void);
void delay(unsigned long ms);
extern "C" void say(const char *text);
struct SerialPort {
  void begin(unsigned long) {}
  void print(const char *text) { say(text); }
  void println(const char *text) { say(text), say("\n"); }
  void println(double) { say("a number\n"); }
  void println(unsigned long) { say("a time\n"); }
};
extern SerialPort Serial;
"""
_MAIN = r"""
#include "Arduino.h"
SerialPort Serial;
unsigned long micros(void) { return 0; }
void delay(unsigned long) {}
extern "C" int main(void) { setup(); loop(); return 0; }
"""
_PLATFORM = """
name=Emulated
compile=-c -Os -w -ffunction-sections -fdata-sections {flags}
compile.cpp={{compile}} -std=gnu++11 -fno-exceptions -fno-rtti
preprocess={flags} -w -x c++ -E -CC -std=gnu++11
link={flags} -T{script} -nostartfiles --specs=nano.specs -Wl,--gc-sections
program={{build.path}}/program.elf
recipe.c.o.pattern=arm-none-eabi-gcc {{compile}} -std=gnu11 {{includes}} "{{source_file}}" -o "{{object_file}}"
recipe.cpp.o.pattern=arm-none-eabi-g++ {{compile.cpp}} {{includes}} "{{source_file}}" -o "{{object_file}}"
recipe.preproc.macros=arm-none-eabi-g++ {{preprocess}} {{includes}} "{{source_file}}" -o "{{preprocessed_file_path}}"
recipe.ar.pattern=arm-none-eabi-ar rcs "{{archive_file_path}}" "{{object_file}}"
recipe.c.combine.pattern=arm-none-eabi-gcc {{link}} -o "{{program}}" {{object_files}} "{{archive_file_path}}" -lm
tools.ctags.path=/usr/bin
tools.ctags.options=-u --language-force=c++ -f - --c++-kinds=svpf --fields=KSTtzns --line-directives
tools.ctags.pattern="{{path}}/arduino-ctags" {{options}} "{{source_file}}"
"""
