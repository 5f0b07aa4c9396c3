"""Reading a Keras file and walking its network into a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...ir import Model, Shape, Signature, Tensor, verify
from ...ops import GraphBuilder
from . import layers as _layers  # noqa: F401  (fills the table)
from .container import Archive, open_archive
from .errors import KerasError
from .layer import Origin
from .network import Network, input_dtype


def load(
    path: str | Path, input_shapes: Mapping[str, Sequence[int | None]] | None = None, *, batch: int | None = 1
) -> Model:
    """Reads a Keras model, .h5/.hdf5 of Keras 1 to 3 or .keras, into the IR. Needs h5py, not Keras.

    Args:
        path: the file; which container it is shows in its first bytes, not in its name.
        input_shapes: full shapes by input name, batch included, in place of the file's.
        batch: the size of a batch dimension that the file leaves open; None leaves it unknown.

    Inputs and outputs have the names of their layers, in the graph and in the signature "serving_default".
    Layers that act only in training are dropped; batch normalization becomes a multiplication and an addition;
    recurrent layers are unrolled; trained ranges of quantization-aware layers become range records.

    Raises:
        KerasError: the file is damaged, or holds a layer, an option or an unknown shape that rillet cannot express;
            the text names the layer and what to do.
        RilletError: h5py is missing.
    """
    path = Path(path)
    try:
        with open_archive(path) as archive:
            return _build(archive, dict(input_shapes or {}), batch, path)
    except KerasError:
        raise
    except (RecursionError, MemoryError) as exc:
        raise KerasError(f"'{path}': the model is nested too deeply or asks for too much memory") from exc
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as exc:
        raise KerasError(f"'{path}' is not a model as Keras writes it ({type(exc).__name__}: {exc})") from exc


def _build(archive: Archive, shapes: dict[str, Sequence[int | None]], batch: int | None, path: Path) -> Model:
    origin = Origin(archive.version, archive.tensorflow, archive.theano)
    network = Network(str(archive.model.get("class_name")), archive.model.get("config"), archive.weights, origin)
    b = GraphBuilder()
    b.graph.name = network.name
    inputs: dict[str, Tensor] = {}
    for name, stored, dtype in network.inputs():
        b.source = name
        shape = _input_shape(name, shapes.pop(name, None), stored, batch)
        inputs[name] = b.input(name, shape, input_dtype(dtype, name))
    if shapes:
        raise KerasError(f"no input named '{next(iter(shapes))}'; the inputs are {', '.join(inputs)}")
    results = network.call(b, list(inputs.values()))
    outputs = _name_outputs(b, network.outputs(), results)
    if _any_channels_first(network):
        from ...passes.layout import eliminate_transposes  # not needed, nor loaded, for most models

        eliminate_transposes(b.graph)
    model = Model([b.graph], [Signature("serving_default", inputs, outputs)], description=f"imported from {path.name}")
    verify(model)
    return model


def _input_shape(
    name: str, given: Sequence[int | None] | None, stored: Sequence[Any] | None, batch: int | None
) -> Shape:
    if given is not None:
        if stored is not None and (
            len(given) != len(stored) or any(s not in (None, g) for g, s in zip(given, stored, strict=True))
        ):
            raise KerasError(f"input '{name}' is {tuple(stored)} in the file; {tuple(given)} does not fit it")
        return tuple(given)
    if stored is None:
        raise KerasError(f"the file does not say the shape of input '{name}'; give input_shapes={{'{name}': (1, ...)}}")
    if not all(d is None or (isinstance(d, int) and d > 0) for d in stored) or not stored:
        raise KerasError(f"input '{name}' has the shape {tuple(stored)}")
    return (batch if stored[0] is None else stored[0], *stored[1:])


def _name_outputs(b: GraphBuilder, names: Sequence[str], results: Sequence[Tensor]) -> dict[str, Tensor]:
    """Names the output tensors after their layers, as far as names are free."""
    outputs: dict[str, Tensor] = {}
    taken = {t.name for t in b.graph.tensors()}
    for name, tensor in zip(names, results, strict=True):
        key, number = name, 1
        while key in outputs:
            key, number = f"{name}_{number}", number + 1
        outputs[key] = tensor
        repeated = any(tensor is t for t in (*b.graph.inputs, *b.graph.outputs))
        b.output(tensor, "" if repeated or key in taken else key)
        taken.add(key)
    return outputs


def _any_channels_first(network: Network) -> bool:
    return any(
        _any_channels_first(m) if isinstance(m, Network) else m.get("data_format") == "channels_first"
        for m in network.members.values()
    )
