"""The training benchmark: rillet beside PyTorch and TensorFlow, each in processes and a Python of its own.

python benchmarks/train.py --torch /path/to/python --tensorflow /path/to/python

Jobs: a training step of ResNet-8 (32 x 32 pixels, SGD with momentum) on 1 and on 32 pictures and an eager add of four
numbers on one core, and an epoch of `fit` on a CNN for MNIST (6,000 samples, batches of 128, Adam) on two. The
processes of a job take turns. Writes results/<machine>-train.json and prints a table. Takes some minutes.
"""

from __future__ import annotations

import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from result_files import write_json
from run import describe_machine

from rillet.cli.common import progress

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Job:
    """`rounds` turns for each process, `runs` in each; `aim`: how many times as fast as the better peer."""

    name: str
    title: str
    threads: int
    rounds: int
    runs: int
    unit: float  # seconds
    unit_name: str
    aim: float


JOBS = (
    Job("step_1", "ResNet-8 step, batch 1", 1, 25, 20, 1e-3, "ms", 3.0),
    Job("step_32", "ResNet-8 step, batch 32", 1, 15, 6, 1e-3, "ms", 1.3),
    Job("add", "eager add of 4 numbers", 1, 25, 4, 1e-6, "us", 1.0),
    Job("fit", "fit, an epoch of the MNIST CNN", 2, 5, 1, 1.0, "s", 1.5),
)


class Child:
    """A process that does a job; see training/serve.py."""

    def __init__(self, python: str, runtime: str, job: Job) -> None:
        self._command = [python, str(HERE / "training" / f"with_{runtime}.py"), job.name, str(job.threads)]
        environment = {**os.environ, "OMP_NUM_THREADS": str(job.threads)}
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 (frameworks say much when they start)
        self._process = subprocess.Popen(
            self._command, text=True, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said
        )
        first = self._answer()
        self.parameters, self.version = first["parameters"], first["version"]

    def ask(self, line: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        self._process.communicate()
        self._said.close()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._said.seek(0)
            last = self._said.read().strip().splitlines()[-1:]
            raise click.ClickException(" ".join(["a process of the benchmark ended:", *self._command, *last]))
        return json.loads(line)


def measure(job: Job, pythons: Mapping[str, str], done: float, part: float, update: Any) -> dict[str, Any]:
    """By runtime: median and least seconds of one run, and peak memory in bytes."""
    children = {
        name: Child(python, name, job) for name, python in pythons.items() if (name, job.name) != ("torch", "fit")
    }
    if len({child.parameters for child in children.values()}) > 1:
        raise click.ClickException(f"{job.name}: the models differ: { {n: c.parameters for n, c in children.items()} }")
    times: dict[str, list[float]] = {name: [] for name in children}
    for number in range(job.rounds):
        for name, child in children.items():
            child.ask(1)  # the others had the caches
            times[name] += child.ask(job.runs)
        update(done + part * (number + 1) / job.rounds)
    result = {
        name: {
            "median_s": statistics.median(times[name]),
            "least_s": min(times[name]),
            "peak_bytes": child.ask("peak"),
            "version": child.version,
        }
        for name, child in children.items()
    }
    for child in children.values():
        child.close()
    return result


def summary(job: Job, found: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The better peer's time over rillet's, by medians and at best; rillet's peak memory over the lesser peer's."""
    peers = [each for name, each in found.items() if name != "rillet"]
    if not peers:
        return {}
    own = found["rillet"]
    return {
        "faster": min(each["median_s"] for each in peers) / own["median_s"],
        "faster_at_best": min(each["least_s"] for each in peers) / own["least_s"],
        "memory_share": own["peak_bytes"] / max(1, min(each["peak_bytes"] for each in peers)),
        "aim": job.aim,
    }


def table(rows: Sequence[tuple[Job, Mapping[str, Any], Mapping[str, float]]], runtimes: Sequence[str]) -> str:
    """A line for each job: median time and peak memory of each runtime, and how rillet compares."""
    names = "".join(f"{name:>22}" for name in runtimes)
    lines = [f"{'':32}{names}{'faster':>9}{'at best':>9}{'aim':>6}{'memory':>8}"]
    for job, found, figures in rows:
        line = f"{job.title:32}"
        for each in (found.get(name) for name in runtimes):
            shown = each and f"{each['median_s'] / job.unit:.3g} {job.unit_name}, {each['peak_bytes'] / 2**20:.0f} MB"
            line += f"{shown or '-':>22}"
        if figures:
            line += f"{figures['faster']:8.2f}x{figures['faster_at_best']:8.2f}x{job.aim:5.1f}x"
            line += f"{figures['memory_share']:8.2f}"
        lines.append(line)
    return "\n".join(lines)


def has(python: str, module: str) -> bool:
    """Whether that Python finds the module."""
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@click.command()
@click.option("--torch", "torch_python", metavar="PYTHON", help="A Python that has PyTorch.")
@click.option("--tensorflow", "tensorflow_python", metavar="PYTHON", help="A Python that has TensorFlow and Keras 3.")
@click.option("--only", multiple=True, type=click.Choice([job.name for job in JOBS]), help="Only these jobs.")
@click.option(
    "--results",
    type=click.Path(path_type=Path, file_okay=False),
    default=HERE / "results",
    show_default="benchmarks/results",
    help="Folder to write to.",
)
def main(torch_python: str | None, tensorflow_python: str | None, only: tuple[str, ...], results: Path) -> None:
    """Measure training on rillet, PyTorch and TensorFlow."""
    pythons = {"rillet": sys.executable}
    for name, python in (("torch", torch_python), ("tensorflow", tensorflow_python)):
        if python is None or not has(python, name):
            reason = f"give --{name} the path of a Python that has it" if python is None else f"{python} has none"
            click.echo(f"{name} is left out: {reason}", err=True)
        else:
            pythons[name] = python
    machine = describe_machine()
    jobs = [job for job in JOBS if not only or job.name in only]
    rows = []
    with progress("jobs") as update:
        for number, job in enumerate(jobs):
            found = measure(job, pythons, number / len(jobs), 1 / len(jobs), update)
            rows.append((job, found, summary(job, found)))
    click.echo(table(rows, list(pythons)))
    if only:
        return
    content = {
        "machine": machine,
        "date": datetime.date.today().isoformat(),
        "jobs": {
            job.name: {"title": job.title, "threads": job.threads, **found, **figures} for job, found, figures in rows
        },
    }
    results.mkdir(parents=True, exist_ok=True)
    target = results / f"{machine['slug']}-train.json"
    write_json(content, target)
    click.echo(f"written: {target}")


if __name__ == "__main__":
    main()
