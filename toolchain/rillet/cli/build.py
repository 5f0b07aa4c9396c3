"""`rillet build`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .common import bytes_text, example, json_option, print_json, show_fitting
from .paths import OutputFolder, firmware_folder_option, mlperf_tiny_option, ram_option, tflite_argument
from .updates import build_firmware, updatable_options


@click.command("build")
@tflite_argument
@click.option("-b", "--board", help="Name of a board (`rillet boards`) or path of a board.toml.")
@click.option("--core", help="With --export, instead of a board: any device with this core (`rillet boards`).")
@ram_option
@firmware_folder_option
@mlperf_tiny_option
@click.option("--name", default="", help="What device and C code call the model; default: the file's name.")
@click.option("--export", type=OutputFolder(), help="Write C source for other build systems here, and no firmware.")
@click.option("--force", is_flag=True, help="With --export: move away what the folder holds that rillet did not write.")
@updatable_options
@json_option
@example("rillet build model_int8.tflite --board mps2-an386 -o out")
def command(
    model: Path,
    board: str | None,
    core: str | None,
    ram: int | None,
    output: Path,
    mlperf_tiny: bool,
    name: str,
    export: Path | None,
    force: bool,
    as_json: bool,
    **update: Any,
) -> None:
    """Build firmware for a board, with MODEL (.tflite) inside, or export the same as C source."""
    from ..boards.runners import program_file
    from ..boards.target import prepare_target, save_patched

    if (board is None) == (core is None):
        raise click.UsageError("say for what: --board BOARD, or --core CORE with --export")
    if export is None and (core is not None or force):
        raise click.UsageError(f"{'--core' if core is not None else '--force'} goes with --export DIR")
    if export is not None:
        _export(model, board, core, name, ram, export, force=force, as_json=as_json)
        return
    assert board is not None
    target = prepare_target(model, board, name, ram=ram)
    firmware = build_firmware(target, output, mlperf_tiny, **update)
    written = [firmware.path, *save_patched(target, output)]
    if "uf2" in firmware.board.flash.options:
        written.append(program_file(firmware, "uf2"))
    if as_json:
        print_json(
            {
                "files": written,
                "board": firmware.board.name,
                "sizes": firmware.sizes,
                "regions": firmware.regions,
                "fitting": target.fitting,
            }
        )
        return
    if target.fitting:
        show_fitting(target.fitting)
    sizes = firmware.sizes
    click.echo(
        f"{', '.join(map(str, written))}: flash {bytes_text(sizes.flash)} (code {bytes_text(sizes.code)}, "
        f"model {bytes_text(sizes.image)}), RAM {bytes_text(sizes.ram)} (arena {bytes_text(sizes.arena)})"
    )


def _export(
    model: Path,
    board: str | None,
    core: str | None,
    name: str,
    ram: int | None,
    folder: Path,
    *,
    force: bool,
    as_json: bool,
) -> None:
    from ..boards.catalogue import board_with_core, load_board
    from ..boards.export import export_source
    from ..boards.target import prepare_target

    where = load_board(board) if board is not None else board_with_core(core or "")
    target = prepare_target(model, where, name, ram=ram)
    done = export_source(target, folder, must_fit=board is not None, force=force)
    if as_json:
        print_json(done)
        return
    if done.kept is not None:
        click.echo(f"what was in {done.folder} is now in {done.kept}", err=True)
    click.echo(
        f"{done.folder}: {len(done.files)} files, header src/{done.name}.h; flash {bytes_text(done.model_bytes)} and "
        f"code, RAM {bytes_text(done.arena_bytes)} and stack"
    )
