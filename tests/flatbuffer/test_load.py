"""What loading a model to run it does differently: tables decoded on demand, no appended files, bytes in a room."""

from __future__ import annotations

import io
import zipfile

import numpy as np

from rillet.flatbuffer import read, read_program, write_bytes, write_room
from rillet.flatbuffer.decode import Decoder
from rillet.ir import DType, Graph, Model, Op, Tensor, room_for
from rillet.ops.opdef import opdef


def model() -> Model:
    x, y = (Tensor(name, (2, 3), DType.FLOAT32) for name in "xy")
    one = Tensor("one", (3,), DType.FLOAT32, data=np.ones(3, np.float32))
    return Model([Graph("main", [x], [y], [Op("ADD", [x, one], [y], opdef("ADD").attrs())])])


def test_tables_are_decoded_where_they_are_asked_for() -> None:
    tensors = Decoder(write_bytes(model())).root("Model")["subgraphs"][0]["tensors"]
    names = ["x", "one", "y"]
    assert len(tensors) == 3 and tensors[1]["name"] == "one" and tensors[-1]["name"] == "y"
    assert tensors[1] is tensors[1]
    assert [each["name"] for each in tensors] == names and [each["name"] for each in tensors[1:]] == names[1:]


def test_a_program_is_the_model_without_appended_files() -> None:
    whole = io.BytesIO(write_bytes(model()))
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr("labels.txt", "cat\n")
    everything, program = read(whole.getvalue()), read_program(whole.getvalue())
    assert list(everything.extra["appended_files"]) == ["labels.txt"] and "appended_files" not in program.extra
    assert write_bytes(program) == write_bytes(model()) == bytes(write_room(program))


def test_rooms_are_zeros_of_any_size() -> None:
    for nbytes in (0, 1, 5000, (1 << 21) + 1):
        room = room_for(nbytes)
        assert room.nbytes == nbytes and not any(room[:64]) and not room.readonly
