"""Runs LiteRT on model files, one JSON line of output digests each; LiteRT can abort, so it has its own process.

python peer.py FILE...
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

REFERENCE_KERNELS_UP_TO_BYTES = 300_000  # LiteRT's reference kernels take seconds on the larger models


def run_all(files: Sequence[Path]) -> dict[Path, dict[str, Any]]:
    """What LiteRT says of each file; a file that kills it has {"crash": exit status}."""
    results: dict[Path, dict[str, Any]] = {}
    left = list(files)
    while left:
        command = [sys.executable, str(Path(__file__).resolve()), *map(str, left)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = [line for line in done.stdout.splitlines() if line.startswith('{"')]
        for file, line in zip(left, lines, strict=False):
            results[file] = json.loads(line)
        left = left[len(lines) :]
        if left:
            results[left.pop(0)] = {"crash": done.returncode}
    return results


def run(file: str) -> dict[str, Any]:
    """{"refused": text} if LiteRT does not load or allocate; else digests of the outputs, or the error of invoke."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    small = Path(file).stat().st_size <= REFERENCE_KERNELS_UP_TO_BYTES
    kinds = [OpResolverType.BUILTIN_REF] if small else []
    for kind in [*kinds, OpResolverType.BUILTIN]:
        try:
            interpreter = Interpreter(file, experimental_op_resolver_type=kind, num_threads=1)
            interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            result = {"refused": str(error)[:200]}
            continue
        return {"kernels": kind.name, "outputs": list(_outputs(interpreter)), "io": _signature(interpreter)}
    return result


def _outputs(interpreter: Any) -> Iterator[str]:
    random = np.random.default_rng(0)
    details = interpreter.get_input_details()
    if any(each["dtype"] in (np.str_, np.bytes_, np.object_) for each in details):
        yield "not run: inputs are strings"
        return
    for each in details:
        interpreter.set_tensor(each["index"], _values(random, each["shape"], np.dtype(each["dtype"])))
    try:
        interpreter.invoke()
    except (RuntimeError, ValueError) as error:
        yield f"invoke failed: {str(error)[:100]}"
        return
    for each in interpreter.get_output_details():
        try:
            value = np.asarray(interpreter.get_tensor(each["index"]))
        except (RuntimeError, ValueError) as error:
            yield f"no value: {str(error)[:60]}"
            continue
        content = repr(value.tolist()).encode() if value.dtype.kind in "OSU" else value.tobytes()
        yield f"{value.dtype}{value.shape} {hashlib.sha256(content).hexdigest()}"


def _values(random: np.random.Generator, shape: Any, dtype: np.dtype[Any]) -> Any:
    if dtype.kind == "f":
        return random.normal(0, 1, shape).astype(dtype)
    if dtype.kind == "c":
        return (random.normal(0, 1, shape) + 1j * random.normal(0, 1, shape)).astype(dtype)
    if dtype.itemsize == 1 and dtype.kind in "iu":
        return random.integers(np.iinfo(dtype).min, np.iinfo(dtype).max + 1, shape, dtype)
    return random.integers(0, 2, shape).astype(dtype)  # 32- and 64-bit integers are mostly indices and sizes


def _signature(interpreter: Any) -> str:
    details = [*interpreter.get_input_details(), *interpreter.get_output_details()]
    keys = ("name", "index", "shape", "shape_signature", "quantization")
    shown = [[str(each[key]) for key in keys] for each in details]
    return json.dumps([shown, interpreter.get_signature_list()])


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(json.dumps(run(argument)), flush=True)
