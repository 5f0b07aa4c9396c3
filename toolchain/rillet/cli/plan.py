"""`rillet plan`."""

from __future__ import annotations

from pathlib import Path

import click

from .common import bytes_text, example, json_option, print_json, print_table, show_fitting
from .paths import OutputFile, ram_option, tflite_argument


@click.command("plan")
@tflite_argument
@click.option("-b", "--board", help="Plan for this board: RAM, stack and flash of the firmware.")
@ram_option
@click.option("--plot", type=OutputFile(), help="Draw the arena over time (PNG or SVG).")
@json_option
@example("rillet plan model_int8.tflite --board mps2-an386")
def command(model: Path, board: str | None, ram: int | None, plot: Path | None, as_json: bool) -> None:
    """Print exactly the RAM and flash that MODEL (.tflite) takes, here or on a board."""
    from ..boards.footprint import footprint

    result = footprint(model, board or "host", ram)
    if plot:
        from ..report.plots import memory_map, write_figure

        boxes = [(b.name, b.first_step, b.last_step, b.offset, b.nbytes) for b in result.boxes]
        write_figure(memory_map(boxes, result.arena_bytes, result.steps), plot)
    if as_json:
        print_json(result)
        return
    click.echo(f"{result.model} on {result.board}: {result.steps} steps")
    print_table(["memory", "bytes", ""], [[m.name, f"{m.nbytes:,}", m.note] for m in result.memory], right=(1,))
    if len(result.signatures) > 1:
        click.echo()
        print_table(
            ["signature", "steps", "arena", "variables", "scratch"],
            [
                [s.name, s.steps, f"{s.arena_bytes:,}", f"{s.variable_bytes:,}", f"{s.scratch_bytes:,}"]
                for s in result.signatures
            ],
            right=(1, 2, 3, 4),
        )
    if result.regions:
        click.echo()
        print_table(
            ["region", "used", "of", ""],
            [[r.name, f"{r.used:,}", f"{r.total:,}", f"{100 * r.used / r.total:.1f}%"] for r in result.regions],
            right=(1, 2, 3),
        )
    if result.fitting:
        click.echo()
        show_fitting(result.fitting)
    if board:
        click.echo(f"it fits: {bytes_text(result.arena_bytes)} arena")
