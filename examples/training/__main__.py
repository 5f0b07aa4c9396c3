"""Trains every example, or those named: `python -m examples.training [NAME...]`, from the repository's root.

With `--keras PYTHON` ResNet-8 is trained by Keras as well, with `--torch PYTHON` the transformer by PyTorch: Pythons
that have these. `--output FILE` keeps the figures as JSON, beside those of other examples that are there.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import click

import rillet

from . import images, polarity, resnet8, shakespeare

# Name: what is measured, and what it should be.
EXAMPLES = {
    "mnist_cnn": ("accuracy on the test set, 5 epochs", "at least 0.990"),
    "fashion_cnn": ("accuracy on the test set, trained on 10,000 pictures", "at least 0.880"),
    "lstm_rows": ("accuracy on the test set of MNIST", "at least 0.980"),
    "polarity": ("accuracy on held-out sentences", "about 0.75, as in the literature for such networks"),
    "resnet8": ("accuracy on the test set of CIFAR's subset", "within 0.010 of Keras"),
    "shakespeare": ("validation loss in nats per letter", "within 2% of PyTorch"),
}


def trained(name: str, keras_python: str | None, torch_python: str | None, seeds: int) -> dict[str, Any]:
    """What the example reached, by framework; several seeds of ResNet-8 give lists and their means."""
    if name == "resnet8":
        every = [resnet8.train(seed, keras_python=keras_python) for seed in range(1, seeds + 1)]
        return {who: {"mean": sum(e[who] for e in every) / seeds, "seeds": [e[who] for e in every]} for who in every[0]}
    if name == "shakespeare":
        return dict(shakespeare.train(torch_python=torch_python))
    return {"rillet": polarity.train() if name == "polarity" else getattr(images, name)()}


@click.command(help=__doc__)
@click.argument("names", nargs=-1, type=click.Choice(list(EXAMPLES)))
@click.option("--keras", "keras_python", metavar="PYTHON")
@click.option("--torch", "torch_python", metavar="PYTHON")
@click.option("--seeds", default=1, show_default=True, help="Of ResNet-8, whose accuracy varies by a point.")
@click.option("--threads", default=os.cpu_count() or 1, help="As many as this machine has cores, where not given.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False))
def main(
    names: tuple[str, ...], keras_python: str | None, torch_python: str | None, seeds: int, threads: int,
    output: Path | None,
) -> None:  # fmt: skip
    """Trains and prints what came out beside what should."""
    rillet.set_num_threads(threads)
    results = {}
    for name in names or EXAMPLES:
        what, aim = EXAMPLES[name]
        start = time.perf_counter()
        found = trained(name, keras_python, torch_python, seeds)
        seconds = round(time.perf_counter() - start, 1)
        results[name] = {"what": what, "aim": aim, "seconds": seconds, **found}
        click.echo(f"{name}: {what}: {found} ({aim}), {seconds} s")
    if output:
        before = json.loads(output.read_text()) if output.exists() else {}
        output.write_text(json.dumps({**before, **results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
