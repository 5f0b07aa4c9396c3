"""`rillet convert`."""

from __future__ import annotations

from pathlib import Path

import click

from .common import default_output, example, input_shape_option, json_option
from .conversion import convert_and_print
from .paths import model_argument, output_option


@click.command("convert")
@model_argument
@output_option
@input_shape_option
@click.option("--no-optimize", is_flag=True, help="Leave the graph as imported.")
@json_option
@example("rillet convert model.onnx -o model.tflite")
def command(model: Path, output: Path | None, input_shape: tuple[str, ...], no_optimize: bool, as_json: bool) -> None:
    """Read MODEL (.h5, .keras, .onnx, .tflite), optimize it, and write .tflite.

    The result is checked against the source on a random input, and how close it is gets printed.
    """
    convert_and_print(
        model, output or default_output(model, ".tflite"), as_json, input_shape=input_shape, optimize=not no_optimize
    )
