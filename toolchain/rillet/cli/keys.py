"""`rillet keys`."""

from __future__ import annotations

from pathlib import Path

import click

from .common import example, json_option, print_json
from .paths import ExistingPath, OutputFile


@click.group("keys")
@example("rillet keys new model-key.pem")
def command() -> None:
    """Make the key that signs models for updatable firmware."""


@command.command("new")
@click.argument("file", type=OutputFile())
@json_option
@example("rillet keys new model-key.pem")
def new(file: Path, as_json: bool) -> None:
    """Make an Ed25519 key and write it to FILE, in PEM.

    Whoever has the file can replace the model of every device whose firmware was built with it; without it, nobody can.
    """
    from ..boards.keys import new_key

    key = new_key(file)
    if as_json:
        print_json({"file": file, "public": key.public.hex()})
    else:
        click.echo(f"wrote {file}: keep it secret, and keep a copy; devices will trust {key.public.hex()}")


@command.command("show")
@click.argument("file", type=ExistingPath())
@json_option
@example("rillet keys show model-key.pem")
def show(file: Path, as_json: bool) -> None:
    """Print the public part of the key in FILE, which firmware holds."""
    from ..boards.keys import load_key

    key = load_key(file)
    if as_json:
        print_json({"public": key.public.hex()})
    else:
        click.echo(key.public.hex())
