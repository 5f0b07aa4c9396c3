"""`rillet verify`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import CHECK_FAILED, example, json_option, print_json, progress
from .paths import tflite_argument

if TYPE_CHECKING:
    from ..boards.target import Target
    from ..devices import Device


@click.command("verify")
@tflite_argument
@click.option("-b", "--board", default="host", show_default=True, help="The board that runs the model.")
@click.option("--device", help="How to reach it (emulator, serial:PORT); default: the board's own way.")
@click.option("--inputs", type=click.IntRange(1), default=3, show_default=True, help="How many random inputs.")
@json_option
@example("rillet verify model_int8.tflite --board mps2-an386")
def command(model: Path, board: str, device: str | None, inputs: int, as_json: bool) -> None:
    """Prove that a device computes the same numbers as this machine, tensor by tensor.

    Exit status 3 if they differ; the first diverging tensor is named by its source layer.
    """
    from ..boards.target import prepare_target

    report_verification(prepare_target(model, board), device, inputs, as_json)


def report_verification(target: Target, device: str | None, inputs: int, as_json: bool) -> None:
    """Verifies, prints, and exits with CHECK_FAILED where the numbers differ."""
    from ..boards.reach import reach

    with reach(target, device) as reached:
        print_verification(target, reached, inputs, as_json)


def print_verification(target: Target, device: Device, inputs: int, as_json: bool) -> None:
    """The same on a device that is open."""
    from ..boards.verify import verify

    with progress("verify") as update:
        result = verify(target, device, inputs, progress=update)
    if as_json:
        print_json({"passed": result.passed, **vars(result)})
    else:
        click.echo(result.sentence())
    if not result.passed:
        sys.exit(CHECK_FAILED)
