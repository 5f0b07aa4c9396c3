"""`rillet bench --protocol mlperf-tiny`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from .common import print_json, progress

if TYPE_CHECKING:
    from ..devices import MlperfTinyDevice

OFFICIAL_SECONDS = 10.0


def bench_mlperf_tiny(
    model: Path | None,
    datasets: Path,
    device: str | None,
    board: str | None,
    seconds: float,
    limit: int | None,
    as_json: bool,
) -> None:
    """Performance and accuracy of one device. With `model`, firmware is built for `board` and started first."""
    from ..bench.mlperf_tiny import measure_accuracy, measure_performance, read_dataset

    with _opened(model, device, board) as reached:
        samples = read_dataset(datasets, reached.model)
        with progress(f"{reached.model} performance") as update:
            performance = measure_performance(reached, samples, seconds, update)
        with progress(f"{reached.model} accuracy") as update:
            accuracy = measure_accuracy(reached, samples, limit, update)
    if as_json:
        print_json(
            {"device": reached.name, "benchmark": reached.model, "performance": performance, "accuracy": accuracy}
        )
        return
    click.echo(
        f"{reached.name}, {reached.model}: {performance.per_second:.3f} inferences a second by the device's clock, "
        f"median of {len(performance.windows)} windows of {performance.iterations} ({performance.window_seconds:.1f} s)"
    )
    if performance.window_seconds < OFFICIAL_SECONDS:
        click.echo(f"a result to publish needs windows of {OFFICIAL_SECONDS:.0f} s: --seconds {OFFICIAL_SECONDS:.0f}")
    if board and not device:
        click.echo("the clock is an emulator's, which counts instructions, not cycles")
    right = "" if accuracy.top1 is None else f"top-1 {accuracy.top1:.1%}, "
    click.echo(
        f"{right}AUC {accuracy.auc:.3f} on {accuracy.inputs} inputs from {accuracy.files} of {len(samples)} files"
    )


@contextmanager
def _opened(model: Path | None, spec: str | None, board: str | None) -> Iterator[MlperfTinyDevice]:
    from ..boards import load_board
    from ..boards.runner import default_spec, open_options
    from ..boards.target import build_target, prepare_target
    from ..devices import MlperfTinyDevice, OpenOptions, open_stream

    if model is None:
        if spec is None:
            raise click.UsageError(
                "give a MODEL to build firmware with, or --device serial:PORT for one that is flashed"
            )
        data = load_board(board) if board else None
        options = OpenOptions(baud=data.baud, usb_ids=data.usb_ids) if data else OpenOptions()
        with MlperfTinyDevice(open_stream(spec, options)) as device:
            yield device
        return
    target = prepare_target(model, board or "host")
    spec = spec or default_spec(target.board)
    if spec.startswith("serial"):
        raise click.UsageError(
            "a board must be flashed first: rillet flash MODEL --mlperf-tiny, then bench without MODEL"
        )
    with TemporaryDirectory() as scratch:
        firmware = build_target(target, scratch, mlperf_tiny=True)
        with MlperfTinyDevice(open_stream(spec, open_options(target.board, firmware.path))) as device:
            yield device
