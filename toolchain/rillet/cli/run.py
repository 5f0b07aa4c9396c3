"""`rillet run`."""

from __future__ import annotations

from pathlib import Path

import click

from .common import example, float_tolerance_option, json_option, print_json, threads_option
from .paths import ExistingPath, output_option, tflite_argument


@click.command("run")
@tflite_argument
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="FILE",
    type=ExistingPath(),
    help="An .npy per input in order, or one .npz with arrays in order or by input name. Default: random.",
)
@click.option("--device", default=None, help="Run there (emulator, serial:PORT) instead of in this process.")
@click.option("-b", "--board", help="Board of --device emulator.")
@output_option
@threads_option
@float_tolerance_option
@json_option
@example("rillet run model.tflite --input image.npy")
def command(
    model: Path,
    inputs: tuple[Path, ...],
    device: str | None,
    board: str | None,
    output: Path | None,
    threads: int,
    float_tolerance: float | None,
    as_json: bool,
) -> None:
    """Run MODEL (.tflite) once, print its outputs, and write them as .npz where --output says."""
    from ..boards.run import run_model, save_outputs

    results = run_model(model, inputs, device, board, threads, float_tolerance)
    if not inputs:
        click.echo("the inputs were random; give yours with --input", err=True)
    if output:
        save_outputs(results, output)
    if as_json:
        print_json(results)
        return
    for name, array in results.items():
        click.echo(f"{name}: {array.dtype}{list(array.shape)}")
        click.echo(str(array))
