"""`rillet devices`."""

from __future__ import annotations

import click

from .common import example, json_option, print_json, print_table


@click.command("devices")
@json_option
@example("rillet devices --json")
def command(as_json: bool) -> None:
    """List kinds of devices, serial ports, and emulated boards whose emulator is installed."""
    from ..boards.available import available_devices

    found = available_devices()
    if as_json:
        print_json(found)
        return
    print_table(["device", "ready", "what it is"], [[d.spec, "yes" if d.ready else "no", d.description] for d in found])
