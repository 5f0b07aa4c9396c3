"""The wheel holds what an installed rillet needs, and stays small."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--disable-pip-version-check",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            str(folder),
            "-C",
            f"build-dir={folder}/build",
            str(ROOT),
        ],
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def _tracked(folder: str, suffixes: tuple[str, ...]) -> set[str]:
    listed = subprocess.run(["git", "ls-files", folder], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return {line for line in listed.split() if line.endswith(suffixes)}


def test_name_is_for_every_python(wheel: zipfile.ZipFile) -> None:
    assert "-cp310-abi3-" in Path(str(wheel.filename)).name


def test_size(wheel: zipfile.ZipFile) -> None:
    assert Path(str(wheel.filename)).stat().st_size < 3_000_000


def test_python_files_and_board_data(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    wanted = {p.removeprefix("toolchain/") for p in _tracked("toolchain", (".py",))}
    for linked in ("quantize", "devices", "boards"):
        wanted |= {f"rillet/{p}" for p in _tracked(linked, (".py", ".toml", ".json"))}
    wanted |= {f"rillet/{p}" for p in _tracked("boards/export/templates", ("",))}
    assert wanted and wanted <= names, sorted(wanted - names)


def test_c_sources(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    wanted = {
        p.replace("runtime_c/", "rillet/_c/", 1)
        for folder in ("include", "core", "kernels", "simd", "firmware", "port")
        for p in _tracked(f"runtime_c/{folder}", (".c", ".h", ".def", ".S"))
    }
    assert wanted and wanted <= names, sorted(wanted - names)


def test_nothing_else(wheel: zipfile.ZipFile) -> None:
    """No tests, zoo files, caches or build leftovers."""
    allowed = (".py", ".toml", ".c", ".h", ".def", ".S", ".so", ".pyd", ".pyi", ".typed")
    data = (".dist-info/", "rillet/boards/schema.json", "rillet/boards/export/templates/")
    strange = [n for n in wheel.namelist() if not n.endswith(allowed) and not any(d in n for d in data)]
    assert not strange
    assert sum(n.endswith((".so", ".pyd")) for n in wheel.namelist()) == 1
