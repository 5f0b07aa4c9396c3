"""Running ONNX models of the backend test suite: reading the archives, feeding a case, comparing its outputs."""

from __future__ import annotations

import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from rillet.importers.onnx import OnnxError, claims, load, source_layout
from rillet.ir import Model, verify
from rillet.ops import evaluate

from ..zoo import zoo

Arrays = dict[str, NDArray[Any]]


def unpacked(archive: str) -> Path:
    """The folder of an onnx_backend archive, unpacked once per machine and version of the file."""
    source = zoo(f"conformance/onnx_backend/{archive}.tar.xz")
    state = source.stat()
    folder = Path(tempfile.gettempdir()) / f"rillet-onnx-{archive}-{state.st_size}-{int(state.st_mtime)}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch, tarfile.open(source) as tar:
            tar.extractall(scratch, filter="data")
            Path(scratch, archive).rename(folder)
    return folder


@dataclass
class Case:
    """A model with one set of inputs and the outputs that it must give."""

    name: str
    path: Path

    def proto(self) -> Any:
        return onnx.load(str(self.path / "model.onnx"))

    def arrays(self, kind: str) -> list[NDArray[Any]]:
        files = sorted((self.path / "test_data_set_0").glob(f"{kind}_*.pb"), key=lambda f: int(f.stem.split("_")[1]))
        return [numpy_helper.to_array(onnx.TensorProto.FromString(f.read_bytes())) for f in files]


def claimed_cases(archive: str) -> list[Case]:
    """The cases all of whose operators the importer claims for their opset."""
    known = {claim.op_type: claim for claim in claims()}
    found = []
    for folder in sorted(unpacked(archive).iterdir()):
        proto = onnx.load(str(folder / "model.onnx"))
        opset = max((o.version for o in proto.opset_import if o.domain == ""), default=0)
        if proto.graph.node and all(_claims(known.get(n.op_type), n, opset) for n in proto.graph.node):
            found.append(Case(folder.name, folder))
    return found


def _claims(claim: Any, node: Any, opset: int) -> bool:
    return claim is not None and node.domain == "" and claim.min_opset <= opset <= claim.max_opset


def run_case(case: Case) -> None:
    """Imports the model, freezing the inputs that the importer asks for, and compares its numpy meaning.

    Raises:
        OnnxError: it cannot be imported.
        AssertionError: an output differs.
    """
    constants = {t.name for t in case.proto().graph.initializer}
    names = [i.name for i in case.proto().graph.input if i.name not in constants]
    given = dict(zip(names, case.arrays("input"), strict=False))
    model = import_freezing(case.path / "model.onnx", given)
    verify(model)
    outputs = run(model, given)
    for (name, actual), expected in zip(outputs.items(), case.arrays("output"), strict=True):
        assert actual.shape == expected.shape, f"{name}: {actual.shape} instead of {expected.shape}"
        close = 1e-3 if expected.dtype == np.float16 else 1e-4
        if expected.dtype.kind in "biu":
            np.testing.assert_array_equal(actual, expected, err_msg=name)
        else:
            with np.errstate(over="ignore"):  # float64 cases hold values beyond float32 on purpose
                expected = expected.astype(np.float32)
            np.testing.assert_allclose(actual, expected, rtol=close, atol=1e-4, err_msg=name)


def import_freezing(path: Path, given: Arrays, **options: Any) -> Model:
    """The model with every input frozen that must be known at conversion (shapes, axes, pads)."""
    frozen: Arrays = {}
    while True:
        shapes = {name: array.shape for name, array in given.items() if name not in frozen}
        try:
            return load(path, shapes, input_values=frozen, **options)
        except OnnxError as error:
            needed = {name: given[name] for name in error.needs if name in given}
            if not needed:
                raise
            frozen |= needed


def run(model: Model, given: Arrays) -> Arrays:
    """Outputs by name, both sides in the source's axis order."""
    moved, signature = source_layout(model), model.signatures[0]
    feeds = {}
    with np.errstate(over="ignore"):
        for name, tensor in signature.inputs.items():
            feeds[tensor.name] = given[name].transpose(moved[name]) if name in moved else given[name]
        results = evaluate(model.main, feeds)
    outputs = {name: results[tensor.name] for name, tensor in signature.outputs.items()}
    return {name: a.transpose(np.argsort(moved[name])) if name in moved else a for name, a in outputs.items()}
