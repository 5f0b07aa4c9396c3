"""What `convert` and `quantize` share: run a conversion, write the file, print the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import bytes_text, parse_input_shapes, print_json, stage_progress

if TYPE_CHECKING:
    from ..conversion import ConversionReport


def convert_and_print(
    source: Path,
    output: Path,
    as_json: bool,
    *,
    input_shape: tuple[str, ...] = (),
    optimize: bool = True,
    recipe: str | None = None,
    html: Path | None = None,
    **options: Any,
) -> None:
    """Converts `source` to `output` and prints what happened. `options` go to `convert_and_report`."""
    from ..conversion import convert_and_report
    from ..flatbuffer import write

    with stage_progress() as progress:
        model, report = convert_and_report(
            source,
            recipe=recipe,
            optimize=optimize,
            input_shapes=parse_input_shapes(input_shape),
            progress=progress,
            **options,
        )
    write(model, output)
    if html is not None:
        from ..report.conversion import write_conversion_page

        write_conversion_page(report.source, report.recipe or "", report.errors, html)
    if as_json:
        print_json({"output": output, **report.to_json()})
        return
    _print_report(report, output)


def _print_report(report: ConversionReport, output: Path) -> None:
    click.echo(
        f"wrote {output}: {bytes_text(report.source_bytes)} -> {bytes_text(report.model_bytes)}, "
        f"{report.macs_before:,} -> {report.macs_after:,} MACs, {sum(report.seconds.values()):.2f} s"
    )
    if report.rewrites:
        click.echo("rewrites: " + ", ".join(f"{name} {count}" for name, count in report.rewrites.items()))
    if report.closeness is not None:
        c = report.closeness
        click.echo(f"same outputs as {c.against} within {c.max_abs_error:.2g} (mean {c.mean_abs_error:.2g})")
    for warning in report.warnings:
        click.echo(click.style(f"warning: {warning}", fg="yellow"), err=True)
    if report.errors is not None and report.errors.layers:
        click.echo(f"\nerror per layer on {report.errors.samples} samples, worst first:")
        click.echo(report.errors.to_text(10))
