"""`rillet preprocess`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import default_output, example, json_option, print_json
from .paths import OutputFile, TfliteFile

if TYPE_CHECKING:
    from ..preprocessing import AudioFeatures, ImageInput


class Numbers(click.ParamType[tuple[float, ...]]):
    """Numbers with commas or an x between them."""

    name = "numbers"

    def convert(
        self, value: str | tuple[float, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        try:
            return tuple(float(part) for part in value.replace("x", ",").split(","))
        except ValueError:
            raise click.BadParameter(f"'{value}' is not numbers, as in 120x160 or 0.5,0.4,0.4") from None


@click.command("preprocess")
@click.argument("model", type=TfliteFile())
@click.option("-o", "--output", type=OutputFile(), help="File to write.")
@click.option(
    "--audio",
    type=click.Choice(["kws01", "mfcc", "log-mel"]),
    help="Take int16 samples; kws01: as MLPerf Tiny's keyword spotting was trained.",
)
@click.option("--sample-rate", type=int, help="Hz  [16000]")
@click.option("--samples", type=int, help="Samples that one inference takes  [16000]")
@click.option("--frame-length", type=int, help="Samples  [480]")
@click.option("--frame-step", type=int, help="Samples from one frame to the next  [320]")
@click.option("--bands", type=int, help="Bands of the mel scale  [40]")
@click.option("--low-hz", type=float, help="Where the lowest band begins  [20]")
@click.option("--high-hz", type=float, help="Where the highest band ends  [4000]")
@click.option("--coefficients", type=int, help="Cepstral coefficients of --audio mfcc  [10]")
@click.option("--image", type=Numbers(), help="Take uint8 frames of this HEIGHTxWIDTH.")
@click.option("--crop", help="Part of the frame that is used: center, or TOP,LEFT,HEIGHT,WIDTH.")
@click.option("--resize", type=click.Choice(["bilinear", "nearest"]), default="bilinear", show_default=True)
@click.option("--mean", type=Numbers(), default=(0.0,), help="The model sees (pixel - mean) / std  [0]")
@click.option("--std", type=Numbers(), default=(255.0,), help="One number, or one for each channel  [255]")
@json_option
@example("rillet preprocess kws_int8.tflite --audio kws01 -o kws_pcm.tflite")
def command(
    model: Path, output: Path | None, audio: str | None, image: tuple[float, ...] | None, as_json: bool, **options: Any
) -> None:
    """Put feature extraction in front of MODEL (.tflite): samples of a microphone or frames of a camera go in."""
    from ..flatbuffer import write
    from ..importers import load
    from ..preprocessing import add_audio_features, add_image_input

    if (audio is None) == (image is None):
        raise click.UsageError("give --audio or --image")
    loaded = load(model)
    if audio is not None:
        add_audio_features(loaded, _audio(audio, options))
    elif image is not None:
        add_image_input(loaded, _image(image, options))
    path = output or default_output(model, "_preprocessed.tflite")
    write(loaded, path)
    taken = loaded.main.inputs[0]
    if as_json:
        print_json({"file": path, "input": {"shape": taken.shape, "dtype": taken.dtype.name.lower()}})
    else:
        click.echo(f"{path}: takes {taken!r}")


def _audio(kind: str, options: dict[str, Any]) -> AudioFeatures:
    from dataclasses import fields, replace

    from ..preprocessing import KWS01, AudioFeatures

    given = {field.name: value for field in fields(AudioFeatures) if (value := options.get(field.name)) is not None}
    if kind == "log-mel":
        if "coefficients" in given:
            raise click.UsageError("--coefficients are those of --audio mfcc")
        given["coefficients"] = None
    return replace(KWS01 if kind == "kws01" else AudioFeatures(), **given)


def _image(size: tuple[float, ...], options: dict[str, Any]) -> ImageInput:
    from ..preprocessing import ImageInput

    if len(size) != 2:
        raise click.UsageError("--image takes HEIGHTxWIDTH, as in 120x160")
    crop = options["crop"]
    if crop is not None and crop != "center":
        numbers = [int(n) for n in Numbers().convert(crop, None, None)]
        if len(numbers) != 4:
            raise click.UsageError("--crop takes center, or TOP,LEFT,HEIGHT,WIDTH")
        crop = (numbers[0], numbers[1], numbers[2], numbers[3])
    return ImageInput(int(size[0]), int(size[1]), crop, options["resize"], mean=options["mean"], std=options["std"])
