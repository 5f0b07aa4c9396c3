"""The command line: one file per verb, no logic. Verbs are imported when used, so `rillet --help` is quick."""

from __future__ import annotations

import importlib
import os
import sys
import warnings

import click

VERBS = {
    "convert": "Read a model in any known format, optimize it, write .tflite.",
    "quantize": "Make a model smaller with a quantization recipe.",
    "inspect": "Print operators, shapes, MACs, bytes and peak arena.",
    "preprocess": "Put audio or image preprocessing in front of a .tflite model.",
    "plan": "Print exactly the RAM and flash a model takes.",
    "verify": "Prove that a device computes the same numbers as this machine.",
    "run": "Run a model once on given inputs.",
    "bench": "Measure speed, also against LiteRT.",
    "ops": "List operators and what each importer and runtime does with them.",
    "boards": "List boards, or show one.",
    "devices": "List devices that can be reached now.",
    "build": "Build firmware for a board with a model inside.",
    "flash": "Put firmware on a board, or another model into its firmware.",
    "keys": "Make the key that signs models for updatable firmware.",
    "monitor": "Show what a device says.",
    "finetune": "Train a model further, here or on a device.",
    "deploy": "The whole journey: convert, quantize, build, flash, verify, measure.",
}

EPILOG = """\b
Exit status: 0 success; 1 an error, explained on stderr; 2 wrong usage;
3 it ran, and the check failed (the numbers differ); 130 interrupted.
\b
Example: rillet deploy model.h5 --board mps2-an386 --calibrate samples.npz"""


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command: click.Command = getattr(importlib.import_module(f"{__name__}.{name}"), "command")  # noqa: B009
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], VERBS, 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"no command '{args[0]}'{hint or '; the commands: ' + ', '.join(VERBS)}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_Verbs, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rillet")
def cli() -> None:
    """rillet: take a trained model and put it to work on any device."""


def main() -> None:
    """Entry point: an error is one line on stderr and an exit status, never a traceback."""
    # Before numpy is imported: its matrices here are small, and a second BLAS thread costs more than it gives.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    warnings.showwarning = _show_warning
    try:
        cli.main(prog_name="rillet", standalone_mode=False)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(130)
    except click.UsageError as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except BrokenPipeError:  # whoever read our output has gone: nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as problem:
        click.echo(f"error: {_explained(problem)}", err=True)
        sys.exit(1)


def _show_warning(message: Warning | str, category: type[Warning], *where: object, **more: object) -> None:
    """numpy's warnings of overflow say nothing to a user: what matters is reported by whoever computes."""
    if not issubclass(category, RuntimeWarning):
        click.echo(f"warning: {message}", err=True)


def _explained(problem: Exception) -> str:
    from ..devices import DeviceError
    from ..ir import RilletError

    if isinstance(problem, (RilletError, DeviceError)):
        return str(problem)
    if isinstance(problem, click.ClickException):
        return problem.format_message()
    if isinstance(problem, ImportError):
        return str(problem)
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.filename}: {problem.strerror}" if problem.filename else problem.strerror
    if os.environ.get("RILLET_TRACEBACK"):
        raise problem
    return (
        f"a fault in rillet itself, {type(problem).__name__}: {problem}; "
        "run again with RILLET_TRACEBACK=1 to see where, and report it"
    )
