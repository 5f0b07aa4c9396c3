"""Puts the newest results into README.md: `python benchmarks/readme.py`, or `--check` to see whether they are there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from table import aligned

from rillet.ir import RilletError, replacing

HERE = Path(__file__).resolve().parent
README = HERE.parent / "README.md"
CORES = ("M0+", "M3", "M4F", "M55", "RV32")


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; fail where README.md has other figures.")
@click.option(
    "--machine", default="amd-epyc-2-cores", show_default=True, help="Results of which machine: the file's name."
)
def main(check: bool, machine: str) -> None:
    """Write the tables of README.md from the benchmarks' results."""
    old = README.read_text("utf-8")
    try:
        new = filled(old, _read(f"{machine}.json"), _read("microcontrollers.json"))
    except RilletError as problem:
        raise click.ClickException(str(problem)) from None
    if new == old:
        click.echo("README.md has the newest results")
    elif check:
        raise click.ClickException(
            "README.md has other figures than benchmarks/results: run python benchmarks/readme.py"
        )
    else:
        with replacing(README) as file:
            file.write(new.encode())
        click.echo("README.md: figures replaced")


def filled(text: str, desktop: Mapping[str, Any], boards: Mapping[str, Any]) -> str:
    """README's text with other figures.

    Raises:
        RilletError: the text lacks a place for them.
    """
    text = _section(text, "Speed on the desktop", desktop["date"], desktop_table(desktop))
    text = _section(text, "On microcontrollers", boards["date"], board_table(boards))
    for words, kinds in (("int8 and uint8", ("int8", "uint8")), ("float", ("float",))):
        speedups = [row["speedup"]["1"] for row in desktop["rows"] if row["timings"] and row["entry"]["kind"] in kinds]
        mean = desktop["geometric_means"][words]["1"]
        figures = f"{_span(speedups)} times as fast, {mean:.2f} in the geometric mean"
        text = _cell(text, f"{words} networks, one thread", figures)
    text = _cell(text, "library stripped", f"{desktop['library_bytes']['rillet'] / 1e6:.2f} MB")
    counted = [row for row in boards["rows"] if row["peer_instructions"] and not row["model"].endswith("converted")]
    shares = _span([row["instructions"] / row["peer_instructions"] for row in counted])
    text = _cell(text, "five MLPerf Tiny models on emulated cores", f"{shares} of the peer's")
    code = next(row["code"] for row in boards["rows"] if (row["model"], row["core"]) == ("ResNet-8", "M4F"))
    return _cell(text, "code beside the ResNet-8 model on the M4F", f"{code:,} bytes")


def desktop_table(result: Mapping[str, Any]) -> list[str]:
    """Medians in microseconds and ratios, on one thread and two."""
    cells = [["model", "rillet", "LiteRT", "faster", "2 threads: rillet", "LiteRT", "faster"]]
    for row in result["rows"]:
        if not row["timings"]:
            continue
        line = [row["model"]]
        for threads in ("1", "2"):
            both = row["timings"][threads]
            line += [f"{both[name]['median_us']:.1f}" for name in ("rillet", "litert")]
            line.append(f"{row['speedup'][threads]:.2f}x")
        cells.append(line)
    return aligned(cells)


def board_table(result: Mapping[str, Any]) -> list[str]:
    """Millions of instructions and shares of the peer's; arena and code on the M4F."""
    cells = [["model", *CORES, "arena on M4F", "code on M4F"]]
    for model in dict.fromkeys(row["model"] for row in result["rows"]):
        rows = {row["core"]: row for row in result["rows"] if row["model"] == model}
        one = rows["M4F"]
        arena = f"{one['arena']:,} ({one['peer_arena']:,})"
        cells.append([model, *(_instructions(rows[core]) for core in CORES), arena, f"{one['code']:,}"])
    return aligned(cells)


def _instructions(row: Mapping[str, Any]) -> str:
    peer = row["peer_instructions"]
    return f"{row['instructions'] / 1e6:.2f} M" + (f" ({row['instructions'] / peer:.2f})" if peer else "")


def _span(values: Sequence[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"


def _section(text: str, heading: str, date: str, table: Sequence[str]) -> str:
    """The first date and the first table below a heading."""
    below = rf"(## {heading}\n(?:(?!\n## ).)*?"
    text = _replace(text, below + r")\d{4}-\d\d-\d\d", date)
    return _replace(text, below + r"\n)(?:\|[^\n]*\n)+", "\n".join(table) + "\n")


def _cell(text: str, start: str, content: str) -> str:
    """The second cell of the table row that starts so."""
    return _replace(text, rf"(\n\| {start}[^|\n]*\|)[^|\n]*", f" {content} ")


def _replace(text: str, pattern: str, by: str) -> str:
    """What follows the pattern's first group."""
    done, count = re.subn(pattern, lambda match: str(match[1]) + by, text, count=1, flags=re.DOTALL)
    if count == 0:
        raise RilletError(f"README.md has no place for {pattern!r}")
    return done


def _read(name: str) -> Any:
    return json.loads((HERE / "results" / name).read_text("utf-8"))


if __name__ == "__main__":
    main()
