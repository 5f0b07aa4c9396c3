"""`rillet build`."""

from __future__ import annotations

from pathlib import Path

import click

from .common import bytes_text, example, json_option, print_json
from .paths import board_option, firmware_folder_option, tflite_argument


@click.command("build")
@tflite_argument
@board_option
@firmware_folder_option
@json_option
@example("rillet build model_int8.tflite --board mps2-an386 -o out")
def command(model: Path, board: str, output: Path, as_json: bool) -> None:
    """Build firmware for a board, with MODEL (.tflite) inside."""
    from ..boards.runner import uf2_file
    from ..boards.target import build_target, prepare_target

    firmware = build_target(prepare_target(model, board), output)
    written = [firmware.path]
    if firmware.board.flash.runner == "uf2":
        written.append(uf2_file(firmware))
    if as_json:
        print_json(
            {"files": written, "board": firmware.board.name, "sizes": firmware.sizes, "regions": firmware.regions}
        )
        return
    sizes = firmware.sizes
    click.echo(
        f"{', '.join(map(str, written))}: flash {bytes_text(sizes.flash)} (code {bytes_text(sizes.code)}, "
        f"model {bytes_text(sizes.image)}), RAM {bytes_text(sizes.ram)} (arena {bytes_text(sizes.arena)})"
    )
