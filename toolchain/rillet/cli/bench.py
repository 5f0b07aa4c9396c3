"""`rillet bench`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import example, float_tolerance_option, json_option, print_json, print_table, progress, threads_option
from .paths import ExistingPath, OutputFile, TfliteFile

if TYPE_CHECKING:
    from ..bench import Comparison


@click.command("bench")
@click.argument("models", nargs=-1, type=TfliteFile())
@click.option("--against", type=click.Choice(["litert"]), help="Measure this peer too, interleaved, in this process.")
@click.option("--device", help="Measure on a device instead (emulator, serial:PORT): one model.")
@click.option("-b", "--board", help="Board of --device emulator.")
@click.option(
    "--protocol",
    type=click.Choice(["mlperf-tiny"]),
    help="Run MLPerf Tiny's performance and accuracy modes: on --board, or without a model on a flashed --device.",
)
@click.option(
    "--datasets", type=ExistingPath(), help="Folder with a folder for each benchmark of --protocol (kws01, ...)."
)
@click.option("--limit", type=click.IntRange(1), help="Inputs at most for --protocol's accuracy, evenly spread.")
@click.option("--runs", type=click.IntRange(1), default=50, show_default=True, help="Runs at least.")
@click.option("--seconds", type=float, default=1.0, show_default=True, help="Seconds at least, warm-up not counted.")
@click.option(
    "--profile",
    "is_profile",
    is_flag=True,
    help=("Each step's time, rates, share of this machine's measured peak, and why it has its kernel: one model."),
)
@click.option(
    "--sort",
    type=click.Choice(["time", "order"]),
    default="order",
    show_default=True,
    help=("Order of --profile's table."),
)
@click.option("--html", type=OutputFile(), help="Write --device's layers as a page of bars, beside this machine's.")
@click.option("--plot", type=OutputFile(), help="Write a bar chart, or --profile's roofline (PNG, SVG or PDF).")
@threads_option
@float_tolerance_option
@json_option
@example("rillet bench model_int8.tflite --against litert")
def command(
    models: tuple[Path, ...],
    against: str | None,
    device: str | None,
    board: str | None,
    protocol: str | None,
    datasets: Path | None,
    limit: int | None,
    runs: int,
    seconds: float,
    is_profile: bool,
    sort: str,
    html: Path | None,
    plot: Path | None,
    threads: int,
    float_tolerance: float | None,
    as_json: bool,
) -> None:
    """Measure how long MODELS take: medians after a warm-up of one second."""
    if protocol:
        from .bench_mlperf_tiny import bench_mlperf_tiny

        if datasets is None or len(models) > 1:
            raise click.UsageError("--protocol takes --datasets DIR and at most one model")
        bench_mlperf_tiny(models[0] if models else None, datasets, device, board, seconds, limit, as_json)
        return
    if not models:
        raise click.UsageError("Missing argument 'MODELS...'.")
    if device or board:
        _on_device(models, device, board, min(runs, 10), html, as_json)
        return
    if is_profile:
        _profile(models, against, runs, seconds, sort, plot, threads, float_tolerance, as_json)
        return
    from ..bench import Effort, compare
    from ..ir import RilletError
    from ..runtime import RuntimeFailure

    results, failures = [], []
    effort = Effort(min_runs=runs, min_s=seconds)
    for path in models:
        try:
            with progress(path.name) as update:
                results.append(compare(path, against, threads, effort, update, float_tolerance))
        except RuntimeFailure as problem:  # the others can still be measured
            failures.append(f"{path}: {problem}")
    if not results:
        raise RilletError("; ".join(failures))
    _report(results, against, threads, plot, as_json)
    for failure in failures:
        click.echo(f"error: {failure}", err=True)
    if failures:
        sys.exit(1)


def _report(results: Sequence[Comparison], against: str | None, threads: int, plot: Path | None, as_json: bool) -> None:
    from ..bench import geometric_mean, machine_name, steady_note

    ratios = [r.speedup for r in results if r.speedup is not None]
    if plot:
        from ..report.plots import bench_chart, write_figure

        write_figure(bench_chart(results), plot)
    if as_json:
        speedups = {r.model: r.speedup for r in results if r.speedup is not None}
        print_json(
            {
                "machine": machine_name(),
                "threads": threads,
                "results": results,
                "speedup": speedups,
                "geometric_mean": geometric_mean(ratios) if ratios else None,
            }
        )
        return
    click.echo(f"{machine_name()}, {threads} thread{'s' if threads > 1 else ''}; medians of single runs")
    if against is None:
        rows: list[list[object]] = [
            [r.model, f"{r.rillet.median_us:.1f}", f"{r.rillet.p10_us:.1f}-{r.rillet.p90_us:.1f}", r.rillet.runs]
            for r in results
        ]
        print_table(["model", "us", "p10-p90", "runs"], rows, right=(1, 2, 3))
    else:
        _print_comparison(results, against, ratios)
    note = steady_note([r.rillet.steady for r in results], threads)
    if note:
        click.echo(note)


def _print_comparison(results: Sequence[Comparison], against: str, ratios: list[float]) -> None:
    from ..bench import geometric_mean

    rows: list[list[object]] = [
        [
            r.model,
            f"{r.rillet.median_us:.1f}",
            f"{r.peer.median_us:.1f}",
            f"{r.speedup:.2f}x",
            f"{r.max_difference:.3g}",
        ]
        for r in results
        if r.peer is not None
    ]
    print_table(["model", "rillet us", f"{against} us", "faster", "max difference"], rows, right=(1, 2, 3, 4))
    if len(ratios) > 1:
        click.echo(f"geometric mean: {geometric_mean(ratios):.2f}x")


def _profile(
    models: tuple[Path, ...],
    against: str | None,
    runs: int,
    seconds: float,
    sort: str,
    plot: Path | None,
    threads: int,
    float_tolerance: float | None,
    as_json: bool,
) -> None:
    from ..bench import Effort, machine_name, profile

    if len(models) != 1 or against is not None:
        raise click.UsageError("--profile measures one model, by itself")
    with progress(models[0].name) as update:
        result = profile(models[0], threads, Effort(min_runs=runs, min_s=seconds), update, float_tolerance)
    if plot:
        from ..report.plots import write_figure
        from ..report.roofline import roofline

        write_figure(roofline(result), plot)
    if as_json:
        print_json({"machine": machine_name(), "profile": result})
        return
    peak = result.peak
    reading = ", ".join(f"{level.name} {level.gb_per_s:.0f}" for level in peak.levels)
    click.echo(f"{machine_name()}, {threads} thread{'s' if threads > 1 else ''}, kernels for {result.isa[-1]}")
    click.echo(
        f"peak: int8 {peak.int8_gmac_per_s:.0f} GMAC/s, float32 {peak.float_gmac_per_s:.0f} GMAC/s; "
        f"reading {reading} GB/s"
    )
    steps = sorted(result.steps, key=lambda s: -s.us) if sort == "time" else result.steps
    rows: list[list[object]] = [
        [
            s.step,
            s.layer[-28:],
            s.shape,
            s.kernel,
            f"{s.us:.2f}",
            f"{s.share:.1%}",
            f"{s.macs / 1e6:.3f}",
            f"{s.gmac_per_s:.1f}",
            f"{s.gb_per_s:.1f}",
            f"{s.of_peak:.0%}",
            s.limit,
            s.why,
        ]
        for s in steps
    ]
    print_table(
        ["step", "layer", "output", "kernel", "us", "share", "MMAC", "GMAC/s", "GB/s", "of peak", "limit", "why"],
        rows,
        right=(0, 4, 5, 6, 7, 8, 9),
    )
    click.echo(
        f"{result.us:.1f} us in all (medians of {result.runs} runs), {result.invoke_us:.1f} us run at once: "
        f"{result.macs / 1e6:.2f} MMAC, {result.macs / result.invoke_us / 1e3:.1f} GMAC/s"
    )
    click.echo("why: so many times faster than what a lesser instruction set would run")


def _on_device(
    models: tuple[Path, ...], device: str | None, board: str | None, runs: int, html: Path | None, as_json: bool
) -> None:
    from ..boards.measure import measure
    from ..boards.reach import reach
    from ..boards.target import prepare_target

    if len(models) != 1:
        raise click.UsageError("--device measures one model at a time")
    target = prepare_target(models[0], board or "host")
    with reach(target, device) as reached:
        result = measure(target, reached, runs)
    if html:
        from ..report.device_page import write_device_page

        write_device_page(result, html)
    if as_json:
        print_json(result)
        return
    per_mac = f", {result.per_run / result.macs:.3g} per MAC" if result.macs else ""
    click.echo(f"{result.device}: {result.per_run:,.6g} {result.unit} per inference{per_mac}")
    total = sum(s.cost for s in result.steps) or 1.0
    rows = [
        [
            i,
            s.layer[-28:],
            s.shape,
            s.kernel,
            f"{s.cost:,.6g}",
            f"{s.cost / total:.1%}",
            f"{s.macs / 1e6:.3f}",
            f"{s.cost / s.macs:.3g}" if s.macs else "",
            f"{s.nbytes:,}",
            f"{s.host_us:.2f}",
        ]
        for i, s in enumerate(result.steps)
    ]
    heads = ["step", "layer", "output", "kernel", result.unit, "share", "MMAC", "per MAC", "bytes", "host us"]
    print_table(heads, rows, right=(0, 4, 5, 6, 7, 8, 9))
    click.echo(f"stack {result.stack_used_bytes:,} bytes, arena {result.arena_bytes:,} bytes")
