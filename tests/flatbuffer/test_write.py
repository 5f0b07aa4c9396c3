"""What the writer promises: alignment, sharing, packing, numbering, whole files; and the rare corners of the format."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from rillet.flatbuffer import FlatbufferError, read, tensor_order, write, write_bytes
from rillet.flatbuffer.decode import Decoder
from rillet.flatbuffer.encode import encode
from rillet.flatbuffer.packing import pack, unpack
from rillet.ir import Attrs, CustomAttrs, DType, Graph, Model, Op, Quantization, Signature, Tensor
from rillet.ops import GraphBuilder


def constant(name: str, values: np.ndarray, dtype: DType | None = None) -> Tensor:
    return Tensor(name, values.shape, dtype or DType.of(values.dtype), data=values)


def model_of(*tensors: Tensor) -> Model:
    """A model whose one op, a custom one, reads all of `tensors`."""
    out = Tensor("out", (1,), DType.FLOAT32)
    return Model([Graph("main", [], [out], [Op("CUSTOM", list(tensors), [out], CustomAttrs("keep"))])])


def constants(model: Model) -> dict[str, np.ndarray]:
    return {tensor.name: tensor.data for tensor in model.main.tensors() if tensor.data is not None}


def test_buffers_are_aligned_and_shared() -> None:
    big, small = np.arange(1000, dtype=np.float32), np.arange(5, dtype=np.int64)
    content = write_bytes(model_of(constant("a", big), constant("b", small), constant("c", big.copy())))
    buffers = Decoder(content).root("Model")["buffers"]
    data = [each["data"] for each in buffers if each["data"] is not None]
    assert [each.nbytes for each in data] == [4000, 40]
    start = np.frombuffer(content, np.uint8).__array_interface__["data"][0]
    places = [each.__array_interface__["data"][0] - start for each in data]
    assert places[0] % 64 == 0 and places[1] % 16 == 0


def test_constants_are_read_only_views_of_the_file(tmp_path: Path) -> None:
    write(model_of(constant("a", np.arange(1000, dtype=np.float32))), tmp_path / "m.tflite")
    array = constants(read(tmp_path / "m.tflite"))["a"]
    assert not array.flags.writeable and not array.flags.owndata
    assert np.array_equal(array, np.arange(1000))


@pytest.mark.parametrize(("dtype", "low", "high"), [(DType.INT4, -8, 8), (DType.UINT4, 0, 16), (DType.INT2, -2, 2)])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 64])
def test_small_elements_are_packed(dtype: DType, low: int, high: int, count: int) -> None:
    values = np.random.default_rng(count).integers(low, high, count).astype(dtype.numpy)
    packed = pack(values, dtype)
    assert packed.nbytes == (count * dtype.bits + 7) // 8
    assert np.array_equal(unpack(packed, count, dtype), values)
    if count:
        tensor = constants(read(write_bytes(model_of(constant("w", values, dtype)))))["w"]
        assert np.array_equal(tensor, values) and tensor.dtype == dtype.numpy


def test_unknown_dimensions_keep_the_shape_to_start_from() -> None:
    x = Tensor("x", (None, 4, None), DType.FLOAT32, default_shape=(7, 4, 9))
    y = Tensor("y", (None,), DType.FLOAT32)
    content = write_bytes(Model([Graph("main", [x], [y])]))
    stored = Decoder(content).root("Model")["subgraphs"][0]["tensors"]
    assert stored[0]["shape"].tolist() == [7, 4, 9] and stored[0]["shape_signature"].tolist() == [-1, 4, -1]
    assert stored[1]["shape"].tolist() == [1]
    again = read(content).main.inputs[0]
    assert again.shape == (None, 4, None) and again.default_shape == (7, 4, 9)


def test_scalars_are_not_unranked() -> None:
    tensors = [Tensor("scalar", (), DType.FLOAT32), Tensor("any", (), DType.FLOAT32, unranked=True)]
    again = read(write_bytes(Model([Graph("main", tensors)]))).main.inputs
    assert [tensor.unranked for tensor in again] == [False, True]


def test_blockwise_details_follow_their_tensors() -> None:
    scales = constant("scales", np.ones(4, np.float16))
    details = {"table": "BlockwiseQuantization", "scales": scales, "zero_points": None, "block_size": 32}
    weights = constant("w", np.zeros((4, 32), np.int8), DType.INT4)
    weights.quantization = Quantization(blockwise=details)
    again = {tensor.name: tensor for tensor in tensor_order(read(write_bytes(model_of(weights))).main)}
    kept = again["w"].quantization
    assert kept is not None and isinstance(kept.blockwise, dict)
    assert kept.blockwise["scales"] is again["scales"] and kept.blockwise["zero_points"] is None
    assert kept.blockwise["block_size"] == 32


def test_numbers_of_tensors_stay_and_dead_ones_go() -> None:
    builder = GraphBuilder()
    x = builder.input("x", (1, 4))
    y = builder.op("ADD", [x, builder.constant(np.ones(4, np.float32), "one")], "y")
    z = builder.op("ADD", [y, builder.constant(np.full(4, 2, np.float32), "two")], "z")
    builder.output(z)
    graph = read(write_bytes(Model([builder.graph]))).main
    names = [tensor.name for tensor in tensor_order(graph)]
    graph.ops.pop()
    graph.outputs = graph.ops[-1].outputs
    assert [tensor.name for tensor in tensor_order(graph)] == [name for name in names if name not in ("two", "z")]


def test_operator_codes_above_127_fill_both_fields() -> None:
    x, y = Tensor("x", (1,), DType.FLOAT32), Tensor("y", (1,), DType.FLOAT32)
    content = write_bytes(Model([Graph("main", [x], [y], [Op("GELU", [x], [y], Attrs())])]))
    (code,) = Decoder(content).root("Model")["operator_codes"]
    assert (code["builtin_code"], code["deprecated_builtin_code"]) == (150, 127)


def test_data_outside_the_flatbuffer_is_read() -> None:
    weights, options = np.arange(4, dtype=np.float32).tobytes(), b"options"

    def content(at: int) -> bytes:
        return encode(
            "Model",
            {
                "version": 3,
                "buffers": [{}, {"offset": at, "size": len(weights)}],
                "operator_codes": [{"builtin_code": 32, "deprecated_builtin_code": 32, "custom_code": "big"}],
                "subgraphs": [
                    {
                        "tensors": [{"shape": [4], "name": "w", "buffer": 1}, {"shape": [4], "name": "y"}],
                        "outputs": [1],
                        "operators": [
                            {
                                "opcode_index": 0,
                                "inputs": [0],
                                "outputs": [1],
                                "large_custom_options_offset": at + len(weights),
                                "large_custom_options_size": len(options),
                            }
                        ],
                    }
                ],
            },
        )

    size = len(content(1 << 20))
    for model in (read(content(size) + weights + options), read(write_bytes(read(content(size) + weights + options)))):
        assert constants(model)["w"].tolist() == [0, 1, 2, 3]
        assert model.main.ops[0].attrs == CustomAttrs("big", options)
    with pytest.raises(FlatbufferError, match="past the end"):
        read(content(size) + weights)


def test_appended_files_travel() -> None:
    whole = io.BytesIO(write_bytes(model_of(constant("a", np.ones(3, np.float32)))))
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr("labels.txt", "cat\ndog\n")
    again = write_bytes(read(whole.getvalue()))
    assert zipfile.ZipFile(io.BytesIO(again)).read("labels.txt") == b"cat\ndog\n"
    assert write_bytes(read(again)) == again


def test_refuses_what_a_file_cannot_hold(tmp_path: Path) -> None:
    x, y = Tensor("x", (1,), DType.FLOAT32), Tensor("y", (1,), DType.FLOAT32)
    with pytest.raises(FlatbufferError, match=r"rillet\.sgd"):
        write_bytes(Model([Graph("main", [x], [y], [Op("rillet.sgd", [x], [y])])]))
    with pytest.raises(FlatbufferError, match="signature 'infer' names"):
        write_bytes(Model([Graph("main", [x], [x])], [Signature("infer", {}, {"out": y})]))
    with pytest.raises(FlatbufferError, match="does not fit"):
        write_bytes(Model([Graph("main", [Tensor("x", (2**40,), DType.FLOAT32)])]))
    with pytest.raises(FlatbufferError, match="cannot write"):
        write(Model(), tmp_path / "absent" / "m.tflite")
    assert not list(tmp_path.iterdir())
