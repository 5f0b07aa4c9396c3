"""`rillet ops`."""

from __future__ import annotations

import click

from .common import example, json_option, print_json, print_table


@click.command("ops")
@json_option
@example("rillet ops --json")
def command(as_json: bool) -> None:
    """List the operators rillet computes with, and what the ONNX importer claims."""
    from ..importers.onnx import claims
    from ..ops import registry
    from ..runtime.kernels import kernels_by_kind

    kernels = kernels_by_kind()
    rows = [
        {
            "kind": kind,
            "code": definition.code,
            "runs": kind in kernels,
            "quantizes": definition.quant is not None,
            "kernels": kernels.get(kind, []),
        }
        for kind, definition in sorted(registry().items())
    ]
    onnx = [{"op": c[0], "opset_min": c[1], "opset_max": c[2], "notes": c[3]} for c in claims()]
    if as_json:
        print_json({"operators": rows, "onnx": onnx})
        return
    print_table(
        ["operator", "code", "runs", "int8", "kernels"],
        [[r["kind"], r["code"], "yes" if r["runs"] else "no", "yes" if r["quantizes"] else "float only",
          " ".join(r["kernels"])] for r in rows], right=(1,),
    )
    click.echo(f"\nONNX: {len(onnx)} operators: {', '.join(str(c['op']) for c in onnx)}")
