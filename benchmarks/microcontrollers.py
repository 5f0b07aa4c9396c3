"""MLPerf Tiny's int8 models on every emulated core: `python benchmarks/microcontrollers.py`.

Measures exact instructions of one inference (not cycles), arena, painted stack and code, and prints them beside what
TensorFlow Lite Micro with CMSIS-NN takes (microcontrollers.toml); writes JSON and a picture to the results folder.
"""

from __future__ import annotations

import datetime
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import tomllib
from result_files import write_json
from table import aligned

import rillet
from rillet.bench import random_inputs
from rillet.boards import Board, load_board, open_firmware
from rillet.boards.measure import DeviceBench, measure
from rillet.boards.target import Target, build_target, prepare_target
from rillet.cli.common import progress
from rillet.devices import Device
from rillet.flatbuffer import write_bytes
from rillet.ir import RilletError
from rillet.report.plots import BLUE, RED, figure, write_figure
from rillet.runtime import Interpreter, Plan, Session

HERE = Path(__file__).resolve().parent
AIM = 0.6  # of the peer's instructions
HEADINGS = [
    "model",
    "core",
    "instructions",
    "per MAC",
    "peer",
    "ratio",
    "arena",
    "peer",
    "stack",
    "code",
    "model bytes",
]


@dataclass(frozen=True)
class Row:
    """One model on one core; bytes, and the peer's figures where there are any.

    `code` includes the wire protocol; `image` is the model: weights as kernels want them, and steps.
    """

    model: str
    core: str
    board: str
    isa: tuple[str, ...]
    instructions: int
    macs: int
    arena: int
    stack: int
    code: int
    image: int
    peer_instructions: int | None
    peer_arena: int | None
    steps: list[dict[str, Any]]

    @property
    def ratio(self) -> float | None:
        """Instructions over the peer's."""
        return self.instructions / self.peer_instructions if self.peer_instructions else None


@click.command()
@click.option("--only", multiple=True, metavar="TEXT", help="Only models whose name contains this.")
@click.option("--core", "cores", multiple=True, metavar="NAME", help="Only this core (M0+, M3, M4F, ...).")
@click.option("--steps", is_flag=True, help="Show each step's instructions too.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.option(
    "--zoo",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="RILLET_ZOO",
    default=HERE.parents[1] / "shared" / "zoo",
    help="Folder of the models.",
)
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to.")
def main(
    only: tuple[str, ...], cores: tuple[str, ...], steps: bool, as_json: bool, zoo: Path, results: Path | None
) -> None:
    """Count the instructions of the microcontroller models on emulated cores."""
    listed = tomllib.loads((HERE / "microcontrollers.toml").read_text("utf-8"))
    models = [
        (m, converted)
        for m in listed["model"]
        if not only or any(text.lower() in m["name"].lower() for text in only)
        for converted in (False, True)[: 1 + m.get("also_converted", False)]
    ]
    chosen = [c for c in listed["core"] if not cores or c["name"] in cores]
    if not models or not chosen:
        raise click.UsageError("nothing to measure: see the names in benchmarks/microcontrollers.toml")
    with progress("models") as update:
        done, problems = measure_all(models, chosen, zoo, update)
    result = {"date": datetime.date.today().isoformat(), "rows": [_plain(row) for row in done], "problems": problems}
    if as_json:
        click.echo(json.dumps(result, indent=1))
    else:
        click.echo(text(done, steps))
    for problem in problems:
        click.echo(problem, err=True)
    if results is not None or not (only or cores):
        _write(result, done, results or HERE / "results")


def measure_all(
    models: Sequence[tuple[Mapping[str, Any], bool]],
    cores: Sequence[Mapping[str, str]],
    zoo: Path,
    update: Callable[[float], None],
) -> tuple[list[Row], list[str]]:
    """A row for each model, as it is or converted, on each core, and a line for each that could not be measured."""
    rows, problems = [], []
    for number, (entry, converted) in enumerate(models):
        data = _model_bytes(entry, zoo, converted)
        name = entry["name"] + (" converted" if converted else "")
        for place, core in enumerate(cores):
            try:
                rows.append(measure_row(entry, name, data, core))
            except RilletError as problem:
                problems.append(f"{name} on {core['name']}: not measured: {problem}")
            update((number + (place + 1) / len(cores)) / len(models))
    return rows, problems


def measure_row(entry: Mapping[str, Any], name: str, data: bytes, core: Mapping[str, str]) -> Row:
    """Builds the firmware, runs one inference in the emulator, and reads its sizes.

    Raises:
        RilletError: the model does not fit, a tool is missing, or the outputs are not those of the scalar kernels here.
    """
    board = board_of(core)
    target = prepare_target(data, board, name=name)
    with tempfile.TemporaryDirectory() as scratch:
        firmware = build_target(target, scratch)
        with open_firmware(firmware) as device:
            bench: DeviceBench = measure(target, device, runs=1)
            _check_outputs(target, device)
    return Row(
        model=name,
        core=core["name"],
        board=core["board"],
        isa=board.isa,
        instructions=round(bench.per_run),
        macs=bench.macs,
        arena=bench.arena_bytes,
        stack=bench.stack_used_bytes,
        code=firmware.sizes.code,
        image=firmware.sizes.image,
        peer_instructions=entry["peer"].get(core["name"]),
        peer_arena=entry["peer_arena"].get(core["name"]),
        steps=[
            {"layer": s.layer, "kernel": s.kernel, "macs": s.macs, "instructions": round(s.cost)} for s in bench.steps
        ],
    )


def _check_outputs(target: Target, device: Device) -> None:
    """Compares the outputs of one more run with the scalar kernels' of this machine, bit for bit."""
    here = Session(Plan(target.data, isa="scalar"))
    details = Interpreter(model_content=target.data).get_input_details()
    for index, (view, array) in enumerate(zip(here.inputs, random_inputs(details), strict=True)):
        view[...] = array
        device.set_input(index, array)
    here.invoke()
    device.run()
    for index, wanted in enumerate(here.outputs):
        if not np.array_equal(device.output(index), wanted):
            raise RilletError(f"output {index} differs from that of the scalar kernels")


def board_of(core: Mapping[str, str]) -> Board:
    """The emulated board, with another's compiler flags and instruction sets where the core says so."""
    board = load_board(core["board"])
    if "as" not in core:
        return board
    other = load_board(core["as"])
    return replace(board, core=other.core, flags=other.flags, isa=other.isa)


def text(rows: Sequence[Row], steps: bool) -> str:
    """The Markdown table, and with `steps` where each row's instructions go."""
    lines = aligned([HEADINGS, *map(_cells, rows)], left=2)
    lines.append("")
    lines.append("Instructions of one inference, counted by QEMU (not cycles); memory in bytes; code has the protocol.")
    for row in rows if steps else []:
        lines.append(f"\n{row.model}, {row.core}:")
        lines += [f"  {s['instructions']:>12,}  {s['kernel']:<28} {s['layer'][-40:]}" for s in row.steps]
    return "\n".join(lines)


def chart(rows: Sequence[Row]) -> Any:
    """Instructions over the peer's; the line is the aim."""
    compared = [row for row in rows if row.ratio is not None]
    drawn, axes = figure(7.6, 1.0 + 0.24 * len(compared))
    for place, row in enumerate(compared):
        assert row.ratio is not None
        axes.barh(place, row.ratio, color=BLUE if row.ratio <= AIM else RED, height=0.7)
        axes.text(row.ratio, place, f" {row.ratio:.2f}", va="center", fontsize=7)
    axes.set_yticks(range(len(compared)), [f"{row.model}, {row.core}" for row in compared], fontsize=7)
    axes.invert_yaxis()
    axes.axvline(AIM, color="#111827", linewidth=1)
    axes.set_xlabel(f"instructions over those of TensorFlow Lite Micro with CMSIS-NN; the line is the aim, {AIM}")
    return drawn


def _model_bytes(entry: Mapping[str, Any], zoo: Path, converted: bool) -> bytes:
    path = zoo / entry["path"]
    if not path.exists():
        raise click.ClickException(f"no file {entry['path']} in {zoo}: set RILLET_ZOO")
    return write_bytes(rillet.convert(path)) if converted else path.read_bytes()


def _cells(row: Row) -> list[str]:
    return [
        row.model,
        row.core,
        f"{row.instructions:,}",
        f"{row.instructions / row.macs:.2f}",
        f"{row.peer_instructions:,}" if row.peer_instructions else "",
        f"{row.ratio:.2f}" if row.ratio else "",
        f"{row.arena:,}",
        f"{row.peer_arena:,}" if row.peer_arena else "",
        f"{row.stack:,}",
        f"{row.code:,}",
        f"{row.image:,}",
    ]


def _plain(row: Row) -> dict[str, Any]:
    return {**asdict(row), "ratio": row.ratio}


def _write(result: Mapping[str, Any], rows: Sequence[Row], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "microcontrollers.json"
    write_figure(chart(rows), target.with_suffix(".svg"))
    write_json(result, target)


if __name__ == "__main__":
    main()
