"""The desktop benchmark: `make bench`, or `python benchmarks/run.py --quick` for about a minute of it.

Every model of models.toml runs on rillet and on LiteRT, on one thread and on two, interleaved in one process; loading
and memory are measured in processes of their own. Writes results/<machine>.json and .svg and prints a table.
"""

from __future__ import annotations

import datetime
import gc
import os
import re
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import rows
import table
from result_files import write_json
from sizes import litert_library, rillet_library

from rillet.bench import Effort, machine_name, measure_peak
from rillet.cli.common import progress
from rillet.ir import RilletError
from rillet.report.plots import write_figure
from rillet.runtime import cpu_isa

FULL, QUICK = Effort(warmup_s=0.3, min_runs=50, min_s=1.0, max_s=60.0), Effort(0.03, 7, 0.15, 6.0)
FULL_PROCESSES, QUICK_PROCESSES = 5, 1


@click.command()
@click.option("--quick", is_flag=True, help="About a minute, with more noise.")
@click.option("--only", multiple=True, metavar="TEXT", help="Only models whose name contains this.")
@click.option(
    "--zoo",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="RILLET_ZOO",
    default=rows.HERE.parents[1] / "shared" / "zoo",
    help="Folder of the models.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path, file_okay=False),
    default=rows.HERE / "results",
    show_default="benchmarks/results",
    help="Folder to write to.",
)
def main(quick: bool, only: tuple[str, ...], zoo: Path, results: Path) -> None:
    """Measure rillet against LiteRT."""
    chosen = [e for e in rows.entries() if not only or any(text in e.name for text in only)]
    if not chosen:
        raise click.UsageError(f"no model's name contains {' or '.join(only)}: see benchmarks/models.toml")
    effort, processes = (QUICK, QUICK_PROCESSES) if quick else (FULL, FULL_PROCESSES)
    machine = describe_machine()
    with progress("models") as update:
        done = measure(chosen, zoo, effort, processes, update)
    sizes = {"rillet": rillet_library(), "litert": litert_library()}
    click.echo(write_results(done, machine, sizes, quick, results))


def measure(
    chosen: Sequence[rows.Entry], zoo: Path, effort: Effort, processes: int, progress: rows.Progress
) -> list[rows.Row]:
    """A row for each entry; one that cannot be measured says why."""
    done = []
    for index, entry in enumerate(chosen):
        model = zoo / entry.path
        try:
            if not model.exists():
                raise RilletError(f"no file {entry.path} in the zoo")
            done.append(rows.measure_row(entry, model, effort, processes, partial(_part, progress, index, len(chosen))))
        except RilletError as problem:
            done.append(rows.Row(entry, problem=str(problem)))
        gc.collect()  # the interpreters of a row go before the next is measured
        progress((index + 1) / len(chosen))
    return done


def _part(progress: rows.Progress, index: int, count: int, share: float) -> None:
    progress((index + share) / count)


def write_results(
    done: Sequence[rows.Row], machine: dict[str, Any], sizes: dict[str, int | None], quick: bool, folder: Path
) -> str:
    """Writes <machine>.json and .svg, and returns the table."""
    date = datetime.date.today().isoformat()
    result = {
        "machine": machine,
        "date": date,
        "quick": quick,
        "versions": {"rillet": version("rillet"), "ai-edge-litert": version("ai-edge-litert")},
        "rows": [row.plain() for row in done],
        "geometric_means": rows.means(done),
        "library_bytes": sizes,
    }
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{machine['slug']}.json"
    write_figure(table.chart(done, machine["name"]), target.with_suffix(".svg"))
    write_json(result, target)
    return f"{table.text(done, machine, date, sizes)}\nwritten: {target} and {target.with_suffix('.svg').name}"


def describe_machine() -> dict[str, Any]:
    """Name, cores, instruction sets and measured peak of this machine, how busy it was before (processes that want to
    run, on average), and the name its results have."""
    name, cores = machine_name(), os.cpu_count() or 1
    slug = "-".join(re.findall(r"[a-z0-9]+", f"{name} {cores} cores".lower()))
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {"name": name, "cores": cores, "busy": busy, "slug": slug, "isa": cpu_isa(), "peak": plain_peak()}


def plain_peak() -> dict[str, float]:
    peak = measure_peak(1)
    rates = {f"{level.name}_gb_per_s": level.gb_per_s for level in peak.levels}
    return {"int8_gmac_per_s": peak.int8_gmac_per_s, "float_gmac_per_s": peak.float_gmac_per_s, **rates}


if __name__ == "__main__":
    main()
