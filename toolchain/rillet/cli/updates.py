"""What `build` and `flash` share for firmware whose model can be replaced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .paths import ExistingPath

if TYPE_CHECKING:
    from ..boards.firmware import Firmware
    from ..boards.target import Target

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--updatable", is_flag=True, help="Firmware that takes other models over the wire (docs/updates.md)."),
    click.option("--key", type=ExistingPath(), help="Key that signs models (`rillet keys new FILE`)."),
    click.option("--model-version", type=click.IntRange(1), help="Of this model. Default: 1, or the device's plus 1."),
    click.option(
        "--kernels",
        metavar="WHICH",
        help="With --updatable, for models to come: types (of this model's element types; the default), same, all, or "
        "a list of kernels and .tflite files.",
    ),
    click.option("--arena-bytes", type=click.IntRange(1), help="With --updatable: at least this, for models to come."),
    click.option("--slot-bytes", type=click.IntRange(1), help="With --updatable: size of each of the two model slots."),
    click.option("--allow-downgrade", is_flag=True, help="With --updatable: the device takes older models too."),
)
_OF_BUILDS = ("kernels", "arena_bytes", "slot_bytes", "allow_downgrade")


def updatable_options(function: F) -> F:
    """Adds the options; the function gets them as keywords."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def build_firmware(
    target: Target,
    output: Path,
    mlperf_tiny: bool,
    *,
    updatable: bool,
    key: Path | None,
    model_version: int | None,
    **more: Any,
) -> Firmware:
    """Builds as the options say; `more` are those of `_OF_BUILDS`."""
    from ..boards.target import build_target

    if not updatable:
        given = [name for name, value in {"key": key, "model_version": model_version, **more}.items() if value]
        if given:
            raise click.UsageError(f"--{given[0].replace('_', '-')} goes with --updatable")
        return build_target(target, output, mlperf_tiny=mlperf_tiny)
    from ..boards.keys import load_key
    from ..boards.updatable import build_updatable

    if key is None:
        raise click.UsageError("--updatable needs --key FILE, which signs models (`rillet keys new FILE` makes one)")
    if mlperf_tiny:
        raise click.UsageError("--mlperf-tiny is for one model, so it does not go with --updatable")
    chosen = {name: value for name, value in more.items() if value}
    return build_updatable(target, output, load_key(key), version=model_version or 1, **chosen)


def flash_model(
    target: Target,
    port: str | None,
    output: Path,
    *,
    updatable: bool,
    key: Path | None,
    model_version: int | None,
    check: bool,
    as_json: bool,
    **more: Any,
) -> None:
    """`rillet flash --model-only`: replaces the model of updatable firmware and prints what was done."""
    from ..boards.install import install_model
    from ..boards.keys import load_key
    from .common import print_json, progress
    from .verify import print_verification

    given = [name for name in _OF_BUILDS if more.get(name)]
    if updatable or given:
        name = "updatable" if updatable else given[0].replace("_", "-")
        raise click.UsageError(f"--{name} is for building firmware; --model-only replaces only the model")
    if key is None:
        raise click.UsageError("--model-only needs --key FILE, the key that the firmware was built with")
    from ..boards.runner import open_updatable

    signing = load_key(key)
    with open_updatable(target.board, output, port) as device:
        with progress("install") as update:
            done = install_model(target, device, signing, model_version, update)
        if not check:
            if as_json:
                print_json(done)
            else:
                click.echo(done.sentence())
            return
        if not as_json:
            click.echo(done.sentence())
        print_verification(target, device, 3, as_json)
