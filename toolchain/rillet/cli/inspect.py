"""`rillet inspect`."""

from __future__ import annotations

from pathlib import Path

import click

from .common import (
    bytes_text,
    example,
    input_shape_option,
    json_option,
    parse_input_shapes,
    print_json,
    print_table,
)
from .paths import model_argument


@click.command("inspect")
@model_argument
@click.option("--text", is_flag=True, help="Print the graph itself, one op a line.")
@input_shape_option
@json_option
@example("rillet inspect model.tflite")
def command(model: Path, text: bool, input_shape: tuple[str, ...], as_json: bool) -> None:
    """Print MODEL's operators, shapes, MACs, bytes and peak arena."""
    from ..importers import load
    from ..ir import to_text
    from ..report.summary import summarize

    shapes = parse_input_shapes(input_shape)
    loaded = load(model, input_shapes=shapes) if shapes else load(model)
    if text:
        click.echo(to_text(loaded))
        return
    summary = summarize(loaded, model.name, model.stat().st_size)
    if as_json:
        print_json(summary)
        return
    rows = [
        [
            i,
            op.kind,
            op.layer[-48:],
            ", ".join(op.inputs),
            ", ".join(op.outputs),
            "" if op.macs is None else f"{op.macs:,}",
            bytes_text(op.weight_bytes),
        ]
        for i, op in enumerate(summary.ops)
    ]
    print_table(["#", "op", "layer", "inputs", "outputs", "MACs", "weights"], rows, right=(0, 5, 6))
    click.echo()
    click.echo(f"inputs   {'; '.join(summary.inputs)}")
    click.echo(f"outputs  {'; '.join(summary.outputs)}")
    if summary.signatures:
        click.echo(f"signatures  {', '.join(summary.signatures)}")
    click.echo(
        f"{len(summary.ops)} ops, {summary.macs:,} MACs, file {bytes_text(summary.file_bytes)}, "
        f"weights {bytes_text(summary.weight_bytes)}"
    )
    if summary.arena_bytes is not None:
        click.echo(f"arena {summary.arena_bytes:,} bytes (at least {summary.arena_lower_bound:,} are alive at once)")
    else:
        click.echo(f"does not run here: {summary.arena_problem}")
