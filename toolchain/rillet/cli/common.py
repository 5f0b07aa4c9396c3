"""What verbs share: options, JSON, tables, progress."""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ..boards.patching import Fitting

F = TypeVar("F", bound=Callable[..., Any])

CHECK_FAILED = 3

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
float_tolerance_option = click.option(
    "--float-tolerance",
    type=click.FloatRange(0),
    help="Error, of a layer's largest output, that fast float convolutions may have: 0 for none. Default: 1e-5.",
)
threads_option = click.option("--threads", type=click.IntRange(1, 256), default=1, show_default=True)


input_shape_option = click.option(
    "--input-shape", multiple=True, metavar="NAME=1,224,224,3", help="Full shape of an input that leaves one open."
)


def parse_input_shapes(texts: Sequence[str]) -> dict[str, tuple[int, ...]] | None:
    """`["image=1,8,8,1"]` as a dictionary; None for none."""
    shapes = {}
    for text in texts:
        name, equals, dims = text.rpartition("=")
        try:
            shapes[name] = tuple(int(d) for d in dims.split(","))
        except ValueError:
            equals = ""
        if not equals or not name:
            raise click.BadParameter(f"'{text}' is not of the form NAME=1,224,224,3", param_hint="--input-shape")
    return shapes or None


def parse_pixels(text: str | None) -> str | tuple[float, float] | None:
    """`"127.5,127.5"` as (mean, deviation); other texts name a range."""
    if text is None or "," not in text:
        return text
    try:
        mean, deviation = (float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"'{text}' is not of the form MEAN,DEVIATION", param_hint="--pixels") from None
    return mean, deviation


def example(text: str) -> Callable[[F], F]:
    """Adds `Example: ...` below a verb's help."""

    def decorate(function: F) -> F:
        function.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\n\b\nExample: {text}"
        return function

    return decorate


def calibration_options(function: F) -> F:
    """The options of everything that quantizes."""
    for option in reversed(
        (
            click.option(
                "--calibrate",
                "calibration",
                metavar="DATA",
                help=(
                    "Representative inputs: an .npz, a folder of images, or a .py file with representative_dataset()."
                ),
            ),
            click.option(
                "--method",
                "calibration_method",
                default="mse",
                show_default=True,
                help=("How ranges follow from the data: minmax, moving-average, percentile or mse."),
            ),
            click.option(
                "--io",
                type=click.Choice(["int8", "float32", "uint8"]),
                default="int8",
                show_default=True,
                help="Element type of the model's inputs and outputs.",
            ),
        )
    ):
        function = option(function)
    return function


def print_json(value: Any) -> None:
    """Prints `value` as JSON; numbers that JSON does not have (infinity, not a number) become null."""
    text = json.dumps(_plain(value), indent=2, allow_nan=False)
    # Lists of numbers on one line each: a tensor's last axis, a shape.
    click.echo(re.sub(r"\[\s+([^][{}\"]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text))


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return [_plain(item) for item in sorted(value)]
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    raise TypeError(f"{type(value).__name__} has no JSON form")


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[int] = ()) -> None:
    """Columns as wide as needed; those in `right` (by position) flush right."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(headings), *texts]) for i in range(len(headings))]

    def line(cells: Sequence[str]) -> str:
        parts = (c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True)))
        return "  ".join(parts).rstrip()

    click.echo(click.style(line(headings), bold=True))
    for row in texts:
        click.echo(line(row))


def show_fitting(fitting: Fitting) -> None:
    """What runs in patches to fit into the RAM that --ram gives, and what that costs."""
    if not fitting.layers:
        click.echo(f"no patches needed: the arena takes {fitting.arena_after:,} of {fitting.limit:,} bytes")
        return
    click.echo(
        f"arena {fitting.arena_before:,} -> {fitting.arena_after:,} bytes, at most {fitting.limit:,}; "
        f"{fitting.extra_macs_percent:+.1f}% MACs"
    )
    rows = [
        [_short(p.first), _short(p.last), f"{p.rows} x {p.columns}", f"{p.extra_macs_percent:+.2f}%"]
        for p in fitting.layers
    ]
    print_table(["in patches, from", "to", "grid", "MACs"], rows, right=(3,))


def _short(layer: str) -> str:
    """The end of a layer's name; converters put several into one."""
    name = layer.partition(";")[0]
    return name if len(name) <= 40 else f"...{name[-37:]}"


def bytes_text(count: float) -> str:
    """1536 -> '1.5 KB'."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1024 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("unreachable")


@contextmanager
def progress(label: str) -> Iterator[Callable[[float], None]]:
    """A bar on stderr that takes the finished share, 0 to 1; silent where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda share: None
        return
    with click.progressbar(length=1000, label=label, file=sys.stderr) as bar:

        def update(share: float) -> None:
            bar.update(max(0, int(share * 1000) - bar.pos))

        yield update


@contextmanager
def stage_progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """A line on stderr that names the stage and how far it is; silent where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return

    def show(stage: str, done: int, total: int | None) -> None:
        share = f" {100 * done // total}%" if total and total > 1 else ""
        click.echo(f"\r\x1b[K{stage}{share}", nl=False, err=True)

    try:
        yield show
    finally:
        click.echo("\r\x1b[K", nl=False, err=True)


def default_output(model: Path, suffix: str) -> Path:
    """Where a verb writes when not told: `<model's stem><suffix>` in the current folder, never over the model."""
    path = Path(model.stem + suffix)
    return path if not path.exists() or not path.samefile(model) else Path(f"{model.stem}_optimized{suffix}")
