"""`rillet bench`."""

from __future__ import annotations

from pathlib import Path

import click

from .common import example, json_option, print_json, print_table, progress, threads_option
from .paths import OutputFile, TfliteFile


@click.command("bench")
@click.argument("models", nargs=-1, required=True, type=TfliteFile())
@click.option("--against", type=click.Choice(["litert"]), help="Measure this peer too, interleaved, in this process.")
@click.option("--device", help="Measure on a device instead (emulator, serial:PORT): one model.")
@click.option("--board", help="Board of --device emulator.")
@click.option("--runs", type=click.IntRange(1), default=50, show_default=True, help="Runs at least.")
@click.option("--seconds", type=float, default=1.0, show_default=True, help="Seconds at least, warm-up not counted.")
@click.option("--plot", type=OutputFile(), help="Write a bar chart (PNG or SVG).")
@threads_option
@json_option
@example("rillet bench model_int8.tflite --against litert")
def command(
    models: tuple[Path, ...], against: str | None, device: str | None, board: str | None, runs: int, seconds: float,
    plot: Path | None, threads: int, as_json: bool,
) -> None:
    """Measure how long MODELS take: medians after a warm-up of one second."""
    if device or board:
        _on_device(models, device, board, min(runs, 10), as_json)
        return
    from ..bench import Effort, compare, geometric_mean, machine_name

    results = []
    for path in models:
        with progress(path.name) as update:
            results.append(compare(path, against, threads, Effort(min_runs=runs, min_s=seconds), update))
    ratios = [r.speedup for r in results if r.speedup is not None]
    if plot:
        from ..report.plots import bench_chart, write_figure

        write_figure(bench_chart(results), plot)
    if as_json:
        speedups = {r.model: r.speedup for r in results if r.speedup is not None}
        print_json({"machine": machine_name(), "threads": threads, "results": results, "speedup": speedups,
                    "geometric_mean": geometric_mean(ratios) if ratios else None})
        return
    click.echo(f"{machine_name()}, {threads} thread{'s' if threads > 1 else ''}; medians of single runs")
    if against is None:
        rows: list[list[object]] = [
            [r.model, f"{r.rillet.median_us:.1f}", f"{r.rillet.p10_us:.1f}-{r.rillet.p90_us:.1f}", r.rillet.runs]
            for r in results
        ]
        print_table(["model", "us", "p10-p90", "runs"], rows, right=(1, 2, 3))
        return
    rows = [
        [r.model, f"{r.rillet.median_us:.1f}", f"{r.peer.median_us:.1f}", f"{r.speedup:.2f}x",
         f"{r.max_difference:.3g}"]
        for r in results if r.peer is not None
    ]
    print_table(["model", "rillet us", f"{against} us", "faster", "max difference"], rows, right=(1, 2, 3, 4))
    if len(ratios) > 1:
        click.echo(f"geometric mean: {geometric_mean(ratios):.2f}x")


def _on_device(models: tuple[Path, ...], device: str | None, board: str | None, runs: int, as_json: bool) -> None:
    from ..boards.measure import measure
    from ..boards.reach import reach
    from ..boards.target import prepare_target

    if len(models) != 1:
        raise click.UsageError("--device measures one model at a time")
    target = prepare_target(models[0], board or "host")
    with reach(target, device) as reached:
        result = measure(target, reached, runs)
    if as_json:
        print_json(result)
        return
    click.echo(f"{result.device}: {result.per_run:,.0f} {result.unit} per inference")
    print_table(
        ["step", "kernel", "layer", result.unit],
        [[i, s.kernel, s.layer, f"{s.cost:,.6g}"] for i, s in enumerate(result.steps)], right=(0, 3),
    )
