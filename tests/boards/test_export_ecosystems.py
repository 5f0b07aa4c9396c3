"""Exported models in the build systems that firmware is made with: built by the real tools where these can be installed
(Arduino's builder, PlatformIO, the IDF Component Manager's packer), else checked against what their documents say."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.boards.arduino import build_sketch
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


@pytest.fixture(scope="module")
def m4_cases(digits: bytes, digits_float: bytes, tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """Two models for the Cortex-M4F, in folders named as they are."""
    folder = tmp_path_factory.mktemp("exported")
    return [
        export_case(data, "cortex-m4f", folder / name, name)
        for name, data in (("digits", digits), ("digits_float", digits_float))
    ]


def expected(cases: list[Case]) -> list[str]:
    return [line for case in cases for line in case.lines]


SKETCH = """
#include <digits.h>
#include <digits_float.h>
extern "C" void run_all(void (*emit)(const char *text));
static void emit(const char *text) { Serial.print(text); }
void setup() { Serial.begin(115200); run_all(emit); }
void loop() {}
"""


def test_a_sketch_built_by_arduinos_builder(m4_cases: list[Case], tmp_path: Path) -> None:
    need("arduino-builder", "arduino-ctags", "arm-none-eabi-g++", "qemu-system-arm")
    sketch = tmp_path / "both" / "both.ino"
    sketch.parent.mkdir()
    sketch.write_text(SKETCH)
    (sketch.parent / "program.c").write_text(program(m4_cases))
    assert run_m4(build_sketch(sketch, m4_cases[0].export.folder.parent, tmp_path)) == expected(m4_cases)


def test_the_example_sketch(m4_cases: list[Case], tmp_path: Path) -> None:
    need("arduino-builder", "arduino-ctags", "arm-none-eabi-g++", "qemu-system-arm")
    sketch = m4_cases[0].export.folder / "examples" / "sketch" / "sketch.ino"
    assert run_m4(build_sketch(sketch, m4_cases[0].export.folder.parent, tmp_path)) == [
        "ran, microseconds: a time",
        "a number",
    ]


PIO_BUILDER = """
from SCons.Script import Default, DefaultEnvironment

env = DefaultEnvironment()
flags = {flags!r}
env.Replace(CC="arm-none-eabi-gcc", CXX="arm-none-eabi-g++", AR="arm-none-eabi-gcc-ar")
env.Replace(RANLIB="arm-none-eabi-gcc-ranlib", LINK="arm-none-eabi-gcc", PROGSUFFIX=".elf")
env.Append(CCFLAGS=[*flags, "-Os", "-ffunction-sections", "-fdata-sections"])
env.Append(LINKFLAGS=[*flags, "-T{script}", "-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections"])
Default(env.BuildProgram())
"""


def test_a_project_built_by_platformio(m4_cases: list[Case], tmp_path: Path) -> None:
    need("arm-none-eabi-gcc", "qemu-system-arm")
    core = _platformio(tmp_path)
    project, platform = tmp_path / "project", tmp_path / "platform"
    for path in (project / "src", project / "lib", platform / "boards", platform / "builder"):
        path.mkdir(parents=True)
    (tmp_path / "m4.ld").write_text(M4_SCRIPT)
    (platform / "platform.json").write_text(
        json.dumps({"name": "emulated", "title": "Emulated", "version": "1.0.0", "packages": {}})
    )
    board = {
        "name": "M4",
        "build": {"mcu": "m4", "f_cpu": "25000000L"},
        "upload": {"maximum_ram_size": 1 << 22, "maximum_size": 1 << 22},
    }
    (platform / "boards" / "m4.json").write_text(json.dumps({**board, "frameworks": [], "url": "", "vendor": ""}))
    (platform / "builder" / "main.py").write_text(PIO_BUILDER.format(flags=m4_flags(), script=tmp_path / "m4.ld"))
    (project / "platformio.ini").write_text(f"[env:m4]\nplatform = symlink://{platform}\nboard = m4\n")
    for case in m4_cases:
        shutil.copytree(case.export.folder, project / "lib" / case.export.name)
    (project / "src" / "program.c").write_text(program(m4_cases))
    (project / "src" / "main.c").write_text(M4_MAIN)
    (project / "src" / "start.c").write_text(M4_START)
    run_checked([sys.executable, "-m", "platformio", "run"], project, core)
    assert run_m4(project / ".pio" / "build" / "m4" / "program.elf") == expected(m4_cases)


def test_platformio_takes_the_manifest(m4_cases: list[Case]) -> None:
    """Its own parser and schema; it would load the list of licenses from the net."""
    pytest.importorskip("platformio")
    from platformio.package.manifest.parser import ManifestParserFactory
    from platformio.package.manifest.schema import ManifestSchema

    for case in m4_cases:
        fields = ManifestParserFactory.new_from_file(str(case.export.folder / "library.json")).as_dict()
        assert fields.pop("license") == "Apache-2.0"
        assert ManifestSchema().load_manifest(fields)["headers"] == [f"{case.export.name}.h"]


def _platformio(folder: Path) -> dict[str, str]:
    """The environment of a PlatformIO that keeps its things in `folder` and has SCons, or it would load that."""
    dependencies = pytest.importorskip("platformio.dependencies")
    pytest.importorskip("SCons")
    wanted = dependencies.get_core_dependencies()["tool-scons"]
    package = folder / "pio" / "packages" / "tool-scons"
    package.mkdir(parents=True)
    record = {"name": "tool-scons", "version": wanted.lstrip("~^")}
    (package / "package.json").write_text(json.dumps(record))
    spec = {"owner": "platformio", "id": None, "name": "tool-scons", "requirements": None, "uri": None}
    (package / ".piopm").write_text(json.dumps({"type": "tool", **record, "spec": spec}))
    (package / "scons.py").write_text("import SCons.Script\nSCons.Script.main()\n")
    offline = {"PLATFORMIO_SETTING_ENABLE_TELEMETRY": "No", "PLATFORMIO_SETTING_CHECK_PLATFORMIO_INTERVAL": "9999"}
    return {**os.environ, **offline, "PLATFORMIO_CORE_DIR": str(folder / "pio")}


def test_the_arduino_properties(m4_cases: list[Case]) -> None:
    """The rules of Arduino's library specification, 1.5 format, revision 2.2, and of arduino-lint's schema."""
    for case in m4_cases:
        folder = case.export.folder
        lines = (folder / "library.properties").read_text().splitlines()
        fields = dict(line.split("=", 1) for line in lines)
        assert set(fields) == {
            *("name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures"),
            "includes",
        }
        assert all(value.strip() for value in fields.values())
        assert (
            re.fullmatch(r"[a-zA-Z][a-zA-Z0-9 _.-]{0,62}", fields["name"]) and "arduino" not in fields["name"].lower()
        )
        assert re.fullmatch(r"\d+\.\d+\.\d+", fields["version"])
        assert fields["category"] == "Data Processing"  # of the list that the specification gives
        assert re.match(r"https?://", fields["url"])
        assert not fields["paragraph"].startswith(fields["sentence"])
        assert (folder / "src" / fields["includes"]).is_file()
        sketches = list((folder / "examples").rglob("*.ino"))
        assert sketches and all(sketch.stem == sketch.parent.name for sketch in sketches)
        assert not (folder / "utility").exists() and not list(folder.glob("*.c"))  # beside src/ these would be refused


def test_the_idf_component_packs(m4_cases: list[Case], tmp_path: Path) -> None:
    """By the IDF Component Manager, which checks the manifest."""
    pytest.importorskip("idf_component_manager")
    folder = tmp_path / "digits"
    shutil.copytree(m4_cases[0].export.folder, folder)
    code = "from idf_component_manager.cli.core import initialize_cli; initialize_cli()()"
    home = {**os.environ, "IDF_TOOLS_PATH": str(tmp_path / "idf"), "IDF_COMPONENT_CHECK_NEW_VERSION": "0"}
    options = ["component", "pack", "--name", "digits", "--dest-dir", tmp_path / "dist"]
    run_checked([sys.executable, "-c", code, *options], folder, home)
    assert [path.name.startswith("digits_") for path in (tmp_path / "dist").glob("*.tgz")] == [True]


def test_a_component_built_by_esp_idf(digits: bytes, tmp_path: Path) -> None:
    """Where ESP-IDF is installed (IDF_PATH): a project for its host target, `linux`."""
    if "IDF_PATH" not in os.environ:
        pytest.skip("ESP-IDF is not installed (IDF_PATH)")
    pytest.importorskip("kconfgen")
    need("cmake", "ninja", "cc")
    project = tmp_path / "project"
    (project / "main").mkdir(parents=True)
    case = export_case(digits, "native", project / "components" / "digits", "digits")
    (project / "CMakeLists.txt").write_text(IDF_PROJECT)
    (project / "main" / "CMakeLists.txt").write_text(
        "idf_component_register(SRCS main.c program.c PRIV_REQUIRES digits)\n"
    )
    (project / "main" / "main.c").write_text(IDF_MAIN)
    (project / "main" / "program.c").write_text(program([case]))
    python = [f"-DPYTHON={sys.executable}", "-DPYTHON_DEPS_CHECKED=1"]
    version = {**os.environ, "IDF_VERSION": os.environ.get("IDF_VERSION", "v6.0")}  # which no git says here
    run_checked(["cmake", "-G", "Ninja", "-B", "build", "-DIDF_TARGET=linux", *python, "."], project, version)
    run_checked(["cmake", "--build", "build"], project, version)
    printed = run_checked([project / "build" / "app.elf"], project).splitlines()
    assert [line for line in printed if line.startswith("digits")] == case.lines


IDF_PROJECT = """
cmake_minimum_required(VERSION 3.16)
include($ENV{IDF_PATH}/tools/cmake/project.cmake)
idf_build_set_property(MINIMAL_BUILD ON)
project(app)
"""
IDF_MAIN = r"""
#include <stdio.h>
#include <stdlib.h>
void run_all(void (*emit)(const char *text));
static void emit(const char *text) { fputs(text, stdout); }
void app_main(void) { emit("\n"); run_all(emit); exit(0); }
"""


def test_the_zephyr_module(m4_cases: list[Case]) -> None:
    """The keys of Zephyr's scripts/zephyr_module.py; Kconfig is read by the parser that its own is based on."""
    for case in m4_cases:
        folder, name = case.export.folder, case.export.name
        lines = (folder / "zephyr" / "module.yml").read_text().splitlines()
        assert lines == [f"name: {name}", "build:", "  cmake: zephyr", "  kconfig: zephyr/Kconfig"]
        assert (folder / "zephyr" / "CMakeLists.txt").is_file()
    kconfiglib = pytest.importorskip("kconfiglib")
    if not hasattr(kconfiglib, "BOOL"):
        pytest.skip("esp-idf-kconfig hides kconfiglib")
    for case in m4_cases:
        symbols = kconfiglib.Kconfig(str(case.export.folder / "zephyr" / "Kconfig"), warn_to_stderr=False).syms
        symbol = symbols[case.export.name.upper()]
        assert symbol.type == kconfiglib.BOOL and symbol.str_value == "n"


# What these functions of ESP-IDF and Zephyr are documented to do with these arguments, where only CMake is there.
IDF_STAND_IN = """
set(ESP_PLATFORM 1)
macro(idf_component_register)
  cmake_parse_arguments(arg "" "" "SRCS;INCLUDE_DIRS" ${ARGN})
  get_filename_component(COMPONENT_LIB ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  add_library(${COMPONENT_LIB} STATIC ${arg_SRCS})
  target_include_directories(${COMPONENT_LIB} PUBLIC ${arg_INCLUDE_DIRS})
endmacro()
"""
ZEPHYR_STAND_IN = """
macro(zephyr_include_directories)
  foreach(folder ${ARGN})
    include_directories(${CMAKE_CURRENT_SOURCE_DIR}/${folder})
    set_property(GLOBAL APPEND PROPERTY folders ${CMAKE_CURRENT_SOURCE_DIR}/${folder})
  endforeach()
endmacro()
macro(zephyr_library_named name)
  set(ZEPHYR_CURRENT_LIBRARY ${name})
  add_library(${name} STATIC)
endmacro()
macro(zephyr_library_sources)
  target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endmacro()
macro(zephyr_library_compile_options)
  target_compile_options(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endmacro()
"""


@pytest.mark.parametrize(("stand_in", "inside"), [(IDF_STAND_IN, ""), (ZEPHYR_STAND_IN, "/zephyr")])
def test_the_component_files_build(stand_in: str, inside: str, digits: bytes, tmp_path: Path) -> None:
    need("cmake", "cc")
    case = export_case(digits, "native", tmp_path / "digits", "digits")
    lines = ["cmake_minimum_required(VERSION 3.16)", "project(app LANGUAGES C)", stand_in, "set(CONFIG_DIGITS y)"]
    lines += [f"add_subdirectory(digits{inside})", "get_property(folders GLOBAL PROPERTY folders)"]
    lines += ["add_executable(app main.c program.c)", "target_include_directories(app PRIVATE ${folders})"]
    (tmp_path / "CMakeLists.txt").write_text("\n".join([*lines, "target_link_libraries(app PRIVATE digits)", ""]))
    (tmp_path / "main.c").write_text(HOST_MAIN)
    (tmp_path / "program.c").write_text(program([case]))
    run_checked(["cmake", "-S", ".", "-B", "build"], tmp_path)
    run_checked(["cmake", "--build", "build"], tmp_path)
    assert run_checked([tmp_path / "build" / "app"], tmp_path).splitlines() == case.lines
