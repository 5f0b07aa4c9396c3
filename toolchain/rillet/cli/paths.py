"""Arguments and options that are paths, checked before any work begins."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import click


class ExistingPath(click.ParamType[Path]):
    """A path of something that is there; else an error that names what is nearly called so."""

    name = "path"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value)
        if path.exists():
            return path
        near = difflib.get_close_matches(path.name, os.listdir(path.parent), 1) if path.parent.is_dir() else []
        hint = f"; did you mean '{path.parent / near[0]}'?" if near else ""
        raise click.ClickException(f"there is no '{path}'{hint}")


class TfliteFile(ExistingPath):
    """A .tflite file that passes the C library's checks."""

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = super().convert(value, param, ctx)
        if path.is_dir():
            raise click.ClickException(f"'{path}' is a folder, not a .tflite file")
        from ..importers import SUFFIXES, TFLITE_SUFFIXES
        from ..runtime import RuntimeFailure, map_file, verify_bytes

        try:
            verify_bytes(memoryview(map_file(path)))
        except RuntimeFailure as problem:
            other = path.suffix in SUFFIXES and path.suffix not in TFLITE_SUFFIXES
            hint = f"; make one with `rillet convert {path}`" if other else ""
            raise click.ClickException(f"{path}: {problem}{hint}") from problem
        return path


class OutputFile(click.ParamType[Path]):
    """A file to write. That it can be is checked before the work begins, not after."""

    name = "file"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value)
        if path.is_dir():
            raise click.ClickException(f"cannot write '{path}': it is a folder; give a file name in it")
        if not path.parent.is_dir():
            raise click.ClickException(f"cannot write '{path}': there is no folder '{path.parent}'")
        if not os.access(path.parent, os.W_OK):
            raise click.ClickException(f"cannot write '{path}': the folder '{path.parent}' is read-only")
        return path


class OutputFolder(click.ParamType[Path]):
    """A folder for results, made if need be."""

    name = "folder"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value)
        there = next(p for p in (path, *path.absolute().parents) if p.exists())
        if not there.is_dir():
            raise click.ClickException(f"cannot write to '{path}': '{there}' is a file, not a folder")
        if not os.access(there, os.W_OK):
            raise click.ClickException(f"cannot write to '{path}': the folder '{there}' is read-only")
        return path


class Size(click.ParamType[int]):
    """Bytes: 65536, 64K, 0.5M (1024 to a K)."""

    name = "size"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).strip().upper().removesuffix("B").removesuffix("I")
        unit = {"K": 1 << 10, "M": 1 << 20}.get(text[-1:], 1)
        try:
            count = float(text[:-1] if unit > 1 else text) * unit
        except ValueError:
            count = 0.0
        if not 1 <= count < 1 << 32:
            self.fail(f"'{value}' is no size in bytes; write 65536, 64K or 0.5M", param, ctx)
        return int(count)


model_argument = click.argument("model", type=ExistingPath())
tflite_argument = click.argument("model", type=TfliteFile())
output_option = click.option("-o", "--output", type=OutputFile(), help="File to write.")
firmware_folder_option = click.option(
    "-o", "--output", type=OutputFolder(), default=Path("out"), show_default=True, help="Folder for the firmware."
)
ram_option = click.option(
    "--ram",
    type=Size(),
    metavar="LIMIT",
    help="Most RAM for all of the firmware, such as 256K; layers run in patches where the model needs more.",
)
board_option = click.option(
    "-b", "--board", required=True, help="Name of a board (`rillet boards`) or path of a board.toml."
)
mlperf_tiny_option = click.option(
    "--mlperf-tiny", is_flag=True, help="The firmware also answers MLPerf Tiny's runner (kws01, vww01, ic01, ad01)."
)
