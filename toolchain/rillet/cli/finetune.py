"""`rillet finetune prepare` and `rillet finetune run`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import bytes_text, default_output, example, json_option, print_json, print_table
from .paths import ExistingPath, OutputFile, model_argument, output_option, tflite_argument

if TYPE_CHECKING:
    from ..finetune import Progress, Trained

_NAME_LENGTH = 48


@click.group("finetune")
@example("rillet finetune prepare model.tflite --train last:2 -o trainable.tflite")
def command() -> None:
    """Train a model further, here or on a device: `prepare` makes it trainable, `run` trains it."""


@command.command("prepare")
@model_argument
@click.option(
    "--train",
    default="last:1",
    show_default=True,
    metavar="WHAT",
    help="all, last:K (layers), bias, or names of layers or parameters with commas between.",
)
@click.option("--optimizer", type=click.Choice(["sgd", "momentum", "adam"]), default="sgd", show_default=True)
@click.option("--learning-rate", type=float, help="Default: the optimizer's, as in Keras.")
@click.option("--loss", default="auto", show_default=True, help="auto, or a loss by Keras's name, such as mse.")
@click.option("--batch", type=click.IntRange(1), default=1, show_default=True, help="Samples of a training step.")
@click.option("--clip", type=click.FloatRange(0, min_open=True), help="Largest norm of all gradients together.")
@click.option(
    "--recompute",
    type=click.Choice(["segments", "all"]),
    help="Compute forward results again in the backward pass: less memory, more time.",
)
@click.option("--ram", metavar="256K", help="Train only what fits in so much RAM; the last layers come first.")
@click.option("--data", metavar="NPZ", type=ExistingPath(), help="Samples that tell --ram which channels help most.")
@output_option
@json_option
@example("rillet finetune prepare model.tflite --train last:2 -o trainable.tflite")
def prepare_command(
    model: Path,
    train: str,
    optimizer: str,
    learning_rate: float | None,
    loss: str,
    batch: int,
    clip: float | None,
    recompute: str | None,
    ram: str | None,
    data: Path | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Make MODEL trainable: a .tflite with signatures infer, train, save and restore."""
    from ..finetune import prepare, read_samples
    from ..flatbuffer import write

    made = prepare(
        model,
        train,
        optimizer=optimizer,
        learning_rate=learning_rate,
        loss=loss,
        batch=batch,
        clip=clip,
        recompute=recompute,  # type: ignore[arg-type]
        ram=None if ram is None else _bytes(ram),
        data=None if data is None else read_samples(data),
    )
    path = output or default_output(model, "_trainable.tflite")
    write(made.model, path)
    if as_json:
        print_json({"output": path, **{k: v for k, v in vars(made).items() if k != "model"}})
        return
    rows = [[_short(t.layer), t.role, _share(t), "x".join(map(str, t.shape)), f"{t.elements:,}"] for t in made.trained]
    print_table(["layer", "trains", "channels", "shape", "elements"], rows, right=(4,))
    optimizer_text = f" and {bytes_text(made.optimizer_bytes)} of the optimizer's" if made.optimizer_bytes else ""
    click.echo(f"{path}: {bytes_text(made.parameter_bytes)} of parameters{optimizer_text} train; loss {made.loss}")


@command.command("run")
@tflite_argument
@click.option("--data", required=True, metavar="NPZ", type=ExistingPath(), help="Samples x and labels y.")
@click.option("--test", metavar="NPZ", type=ExistingPath(), help="Others, for the accuracy before and after.")
@click.option("--device", help="host, emulator or serial:PORT: train there; default: in this process.")
@click.option("-b", "--board", help="Board of the device.")
@click.option("--epochs", type=click.IntRange(1), default=1, show_default=True)
@click.option("--batch", type=click.IntRange(1), help="Samples of a step: those that the file was prepared for.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the order of the samples.")
@click.option("--restore", metavar="FILE", type=ExistingPath(), help="Checkpoint to go on from.")
@click.option("--checkpoint", metavar="FILE", type=OutputFile(), help="Write what changed here, after every epoch.")
@json_option
@example("rillet finetune run trainable.tflite --data new.npz --device emulator -b mps2-an386 --epochs 3")
def run_command(
    model: Path,
    data: Path,
    test: Path | None,
    device: str | None,
    board: str | None,
    epochs: int,
    batch: int | None,
    seed: int,
    restore: Path | None,
    checkpoint: Path | None,
    as_json: bool,
) -> None:
    """Train a file that `prepare` made, and save what changed."""
    from ..finetune import run

    with _shown() as tell:
        result = run(
            model,
            data,
            device=device,
            board=board,
            epochs=epochs,
            batch=batch,
            seed=seed,
            test=test,
            restore=restore,
            checkpoint=checkpoint,
            tell=tell,
        )
    if as_json:
        print_json(result)
        return
    rows = [[i + 1, f"{e.loss:.4g}", _percent(e.accuracy)] for i, e in enumerate(result.epochs)]
    print_table(["epoch", "loss", "accuracy"], rows, right=(0, 1, 2))
    if result.accuracy_after is not None:
        click.echo(f"test accuracy: {_percent(result.accuracy_before)} before, {_percent(result.accuracy_after)} after")
    if result.checkpoint:
        click.echo(f"{result.checkpoint}: {bytes_text(result.checkpoint_bytes)}, what {result.steps} steps changed")


@contextmanager
def _shown() -> Iterator[Callable[[Progress], None]]:
    """A bar on stderr with the mean loss and accuracy of the epoch; silent where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda now: None
        return

    def text(now: Progress | None) -> str:
        if now is None:
            return ""
        right = "" if now.accuracy is None else f", accuracy {_percent(now.accuracy)}"
        return f"epoch {now.epoch}/{now.epochs}: loss {now.loss:.4g}{right}"

    with click.progressbar(length=1, label="train", file=sys.stderr, item_show_func=text) as bar:

        def update(now: Progress) -> None:
            bar.length = now.epochs * now.steps
            bar.update(1, now)

        yield update


def _bytes(text: str) -> int:
    """`256K` as a number; K and M are 1024 and 1024 x 1024."""
    factor = {"K": 1024, "M": 1024 * 1024}.get(text[-1:].upper(), 1)
    digits = text if factor == 1 else text[:-1]
    if not digits.isdecimal():
        raise click.BadParameter(f"'{text}' is no size; write 262144, 256K or 1M", param_hint="--ram")
    return int(digits) * factor


def _short(name: str) -> str:
    """Converters join the names of all that a layer came from: its beginning will do."""
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…"


def _share(trained: Trained) -> str:
    return f"{trained.channels} of {trained.of_channels}" if trained.of_channels else "all"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}%"
