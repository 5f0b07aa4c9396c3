"""`rillet quantize`."""

from __future__ import annotations

from pathlib import Path

import click

from .common import calibration_options, default_output, example, input_shape_option, json_option, parse_pixels
from .conversion import convert_and_print
from .paths import OutputFile, model_argument, output_option


@click.command("quantize")
@model_argument
@click.option(
    "--recipe",
    default="static_wi8_ai8",
    show_default=True,
    help="static_wi8_ai8, static_wi8_ai16, dynamic_wi8_afp32, weight_only_wi8_afp32 or float16.",
)
@output_option
@calibration_options
@input_shape_option
@click.option(
    "--pixels",
    metavar="RANGE",
    help=("How the model takes pixels of --calibrate FOLDER: 0..255, 0..1, -1..1, or MEAN,DEVIATION."),
)
@click.option("--html", type=OutputFile(), help="Write the error report as a page.")
@json_option
@example("rillet quantize model.h5 --calibrate samples.npz -o model_int8.tflite")
def command(
    model: Path,
    recipe: str,
    output: Path | None,
    calibration: str | None,
    calibration_method: str,
    io: str,
    input_shape: tuple[str, ...],
    pixels: str | None,
    html: Path | None,
    as_json: bool,
) -> None:
    """Make MODEL smaller with a quantization recipe, and report the error of every layer."""
    convert_and_print(
        model,
        output or default_output(model, f"_{recipe}.tflite"),
        as_json,
        input_shape=input_shape,
        recipe=recipe,
        calibration=calibration,
        method=calibration_method,
        io=io,
        normalization=parse_pixels(pixels),
        html=html,
    )
