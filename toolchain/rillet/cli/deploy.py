"""`rillet deploy`."""

from __future__ import annotations

from pathlib import Path

import click

from ..report.journey import Stage
from .common import calibration_options, example, json_option, print_json
from .paths import OutputFile, OutputFolder, model_argument, ram_option


@click.command("deploy")
@model_argument
@click.option(
    "-b",
    "--board",
    default="mps2-an386",
    show_default=True,
    help="Name of a board (`rillet boards`) or path of a board.toml.",
)
@click.option("--recipe", default="static_wi8_ai8", show_default=True)
@calibration_options
@click.option(
    "--accuracy",
    "test_data",
    type=click.Path(path_type=Path),
    metavar="NPZ",
    help="Labelled test data (arrays x and y): accuracy before, after and on the board.",
)
@click.option(
    "--board-samples", type=click.IntRange(1), default=100, show_default=True, help="How many of them the board runs."
)
@click.option("--device", help="How to reach the board (emulator, serial:PORT); default: its own way.")
@ram_option
@click.option(
    "-o",
    "--output",
    type=OutputFolder(),
    default=Path("out"),
    show_default=True,
    help="Folder for models and firmware.",
)
@click.option("--report", type=OutputFile(), help="Write a page with pictures.")
@json_option
@example("rillet deploy model.h5 --board mps2-an386 --calibrate samples.npz --report report.html")
def command(
    model: Path,
    board: str,
    recipe: str,
    calibration: str | None,
    calibration_method: str,
    io: str,
    test_data: Path | None,
    board_samples: int,
    device: str | None,
    ram: int | None,
    output: Path,
    report: Path | None,
    as_json: bool,
) -> None:
    """The whole journey: import MODEL, quantize, plan, build, flash, verify on the device, measure."""
    from ..deployment import deploy

    def tell(stage: Stage) -> None:
        if not as_json:
            click.echo(f"{click.style(f'{stage.name:10}', bold=True)} {stage.seconds:6.2f} s  {stage.summary}")

    journey = deploy(
        model,
        board,
        recipe=recipe,
        calibration=calibration,
        method=calibration_method,
        io=io,
        test_data=test_data,
        board_samples=board_samples,
        device=device,
        ram=ram,
        out_dir=output,
        report=report,
        tell=tell,
    )
    if as_json:
        print_json(journey)
        return
    for warning in journey.warnings:
        click.echo(click.style(f"warning: {warning}", fg="yellow"), err=True)
    for name, path in journey.files.items():
        click.echo(f"{name}: {path}")
