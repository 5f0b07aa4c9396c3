"""`rillet ops`."""

from __future__ import annotations

import click

from .common import example, json_option, print_json, print_table


@click.command("ops")
@json_option
@example("rillet ops --json")
def command(as_json: bool) -> None:
    """List the operators that rillet knows, which run, quantize and train, and what the ONNX importer claims."""
    from ..importers.onnx import claims
    from ..ops import registry
    from ..runtime.kernels import kernels, operators

    run, known, onnx = operators(), registry(), claims()
    rows = [
        {
            "kind": kind,
            "code": known[kind].code if kind in known else run[kind],
            "runs": kind in run,
            "quantizes": kind in known and known[kind].quant is not None,
            "trains": kind in known and callable(known[kind].gradient),
        }
        for kind in sorted({*run, *known})
    ]
    if as_json:
        print_json({"operators": rows, "kernels": kernels(), "onnx": onnx})
        return
    print_table(
        ["operator", "code", "runs", "int8", "gradient"],
        [[r["kind"], r["code"], *("yes" if r[key] else "no" for key in ("runs", "quantizes", "trains"))] for r in rows],
        right=(1,),
    )
    click.echo(f"\n{len(run)} operators run, with {len(kernels())} kernels; ONNX operators that can be imported:")
    click.echo(click.wrap_text(", ".join(claim.op_type for claim in onnx), width=100))
