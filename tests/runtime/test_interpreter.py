"""rillet.Interpreter stands in for tflite_runtime's: same calls, same results, same kinds of exceptions.

Each sequence of calls runs on both; where LiteRT is missing, on rillet alone.
"""

from __future__ import annotations

import gc
import inspect
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ..zoo import zoo

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
import rillet
from rillet.runtime import Interpreter, InterpreterError, InvalidModel, RuntimeFailure

from .models import UNUSUAL, doubler, litert, resnet8, run, small

MULTI_SIGNATURE = "conformance/litert/litert_tests/multi_signature_model.tflite"
UINT8 = ["mobilenet_v1/mobilenet_v1_0.25_128_quant", "coral/mobilenet_v2_1.0_224_quant"]


def test_constructor_has_litert_arguments_in_order() -> None:
    theirs = pytest.importorskip("ai_edge_litert.interpreter").Interpreter
    for name in (
        "__init__",
        "set_tensor",
        "get_tensor",
        "tensor",
        "resize_tensor_input",
        "get_signature_runner",
        "get_tensor_details",
        "allocate_tensors",
        "invoke",
        "reset_all_variables",
    ):
        wanted, got = (inspect.signature(getattr(c, name)).parameters.values() for c in (theirs, Interpreter))
        assert [p.name for p in got if p.kind is not p.KEYWORD_ONLY] == [p.name for p in wanted], name


def test_public_methods_are_all_there() -> None:
    theirs = pytest.importorskip("ai_edge_litert.interpreter").Interpreter
    wanted = {n for n in vars(theirs) if not n.startswith("_") and callable(getattr(theirs, n))}
    assert wanted <= set(dir(Interpreter))


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_graphs_equal_litert(name: str) -> None:
    data = small(UNUSUAL[name])
    ours, theirs = Interpreter(model_content=data), litert(model_content=data)
    for each in (ours, theirs):
        each.allocate_tensors()
    inputs = [
        np.arange(1, 1 + np.prod(d["shape"]), dtype=np.float32).reshape(d["shape"]) for d in theirs.get_input_details()
    ]
    for got, want in zip(run(ours, inputs), run(theirs, inputs), strict=True):
        assert got.shape == want.shape and got.dtype == want.dtype
        np.testing.assert_array_equal(got, want)


def test_elements_can_be_none() -> None:
    """A size of 0 is refused with an error that says so, before anything runs."""
    interpreter = Interpreter(model_content=doubler(0, 2))
    with pytest.raises(RuntimeFailure, match="elements"):
        interpreter.allocate_tensors()


# Calls that must fail, each with the exception that LiteRT raises; every one starts on allocated tensors.
X = np.zeros((1, 32, 32, 3), np.int8)
REFUSED: dict[str, tuple[type[Exception], Callable[[Any], object]]] = {
    "another type": (ValueError, lambda i: i.set_tensor(0, X.astype(np.float32))),
    "unsigned for signed": (ValueError, lambda i: i.set_tensor(0, X.astype(np.uint8))),
    "another size": (ValueError, lambda i: i.set_tensor(0, X[:, :3])),
    "no batch dimension": (ValueError, lambda i: i.set_tensor(0, X[0])),
    "a list of Python ints": (ValueError, lambda i: i.set_tensor(0, X.tolist())),
    "a text": (ValueError, lambda i: i.set_tensor(0, "abc")),
    "an index beyond": (ValueError, lambda i: i.set_tensor(9999, X)),
    "an index below": (ValueError, lambda i: i.set_tensor(-1, X)),
    "an index that is no int": (TypeError, lambda i: i.set_tensor(1.0, X)),
    "reading beyond": (ValueError, lambda i: i.get_tensor(9999)),
    "reading below": (ValueError, lambda i: i.get_tensor(-1)),
    "another subgraph": (ValueError, lambda i: i.get_tensor(0, 1)),
    "viewing beyond": (ValueError, lambda i: i.tensor(9999)()),
    "resizing beyond": (RuntimeError, lambda i: i.resize_tensor_input(9999, [1])),
    "a negative size": (RuntimeError, lambda i: i.resize_tensor_input(0, [-1, 32, 32, 3])),
    "a size that is no list": (ValueError, lambda i: i.resize_tensor_input(0, 4)),
    "strict against a fixed size": (RuntimeError, lambda i: i.resize_tensor_input(0, [1, 16, 32, 3], strict=True)),
    "strict against the rank": (RuntimeError, lambda i: i.resize_tensor_input(0, [32, 32, 3], strict=True)),
    "details of another subgraph": (ValueError, lambda i: i.get_tensor_details(7)),
    "a signature where there is none": (ValueError, lambda i: i.get_signature_runner()),
    "a signature of another name": (ValueError, lambda i: i.get_signature_runner("train")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_calls_raise_what_litert_raises(name: str) -> None:
    kind, call = REFUSED[name]
    for each in (Interpreter(resnet8()), litert(model_path=resnet8())):
        each.allocate_tensors()
        with pytest.raises(kind):
            call(each)


@pytest.mark.parametrize(
    "kind, arguments",
    [
        (ValueError, {}),
        (ValueError, {"model_path": "RESNET8", "model_content": b"x"}),
        (ValueError, {"model_path": "/nonexistent.tflite"}),
        (ValueError, {"model_path": "/"}),
        (ValueError, {"model_content": b"not a flatbuffer at all"}),
        (ValueError, {"model_content": b""}),
        (ValueError, {"model_path": "RESNET8", "num_threads": 0}),
        (ValueError, {"model_path": "RESNET8", "num_threads": "2"}),
    ],
)
def test_wrong_arguments_raise_what_litert_raises(kind: type[Exception], arguments: dict[str, Any]) -> None:
    given = {k: resnet8() if v == "RESNET8" else v for k, v in arguments.items()}
    makers: list[Callable[..., Any]] = [Interpreter]
    makers += [pytest.importorskip("ai_edge_litert.interpreter").Interpreter]
    for make in makers:
        with pytest.raises(kind):
            make(**given)


def test_before_allocation_values_and_runs_are_refused() -> None:
    for each in (Interpreter(resnet8()), litert(model_path=resnet8())):
        calls: list[Callable[[Any], object]] = [
            lambda i: i.set_tensor(0, X),
            lambda i: i.get_tensor(0),
            lambda i: i.tensor(0)(),
        ]
        for call in calls:
            with pytest.raises(ValueError):
                call(each)
        with pytest.raises(RuntimeError):
            each.invoke()


def test_allocating_again_keeps_inputs() -> None:
    for each in (Interpreter(resnet8()), litert(model_path=resnet8())):
        each.allocate_tensors()
        each.set_tensor(0, X + 3)
        each.allocate_tensors()
        np.testing.assert_array_equal(each.get_tensor(0), X + 3)


def test_inputs_survive_a_run() -> None:
    interpreter = Interpreter(resnet8())
    interpreter.allocate_tensors()
    interpreter.set_tensor(0, X + 5)
    interpreter.invoke()
    np.testing.assert_array_equal(interpreter.get_tensor(0), X + 5)


def test_resizing_undoes_allocation_and_the_same_size_does_not() -> None:
    outputs = []
    for each in (Interpreter(resnet8()), litert(model_path=resnet8())):
        each.allocate_tensors()
        each.resize_tensor_input(0, [1, 32, 32, 3])
        each.set_tensor(0, X)
        each.invoke()
        each.resize_tensor_input(0, np.array([2, 32, 32, 3]))
        assert each.get_input_details()[0]["shape"].tolist() == [2, 32, 32, 3]
        assert each.get_output_details()[0]["shape"].tolist() == [1, 10]
        with pytest.raises(RuntimeError):
            each.invoke()
        with pytest.raises(ValueError):
            each.get_tensor(0)
        each.allocate_tensors()
        assert each.get_output_details()[0]["shape"].tolist() == [2, 10]
        both = np.random.default_rng(1).integers(-128, 128, (2, 32, 32, 3)).astype(np.int8)
        outputs.append(run(each, [both])[0])
    np.testing.assert_array_equal(outputs[0], outputs[1])


def test_strict_resizing_takes_open_sizes() -> None:
    interpreter = Interpreter(model_content=doubler(None, 3))
    interpreter.resize_tensor_input(0, (7, 3), strict=True)
    interpreter.allocate_tensors()
    assert run(interpreter, [np.ones((7, 3), np.float32)])[0].shape == (7, 3)


def test_shapes_that_do_not_fit_are_refused_at_allocation() -> None:
    for each in (Interpreter(resnet8()), litert(model_path=resnet8())):
        with pytest.raises(RuntimeError):
            each.resize_tensor_input(0, [32, 32, 3])
            each.allocate_tensors()


def test_views_show_and_change_the_tensor() -> None:
    interpreter = Interpreter(model_content=doubler(2, 2))
    view_input, view_output = interpreter.tensor(0), interpreter.tensor(1)
    interpreter.allocate_tensors()
    view_input().fill(3)
    interpreter.invoke()
    np.testing.assert_array_equal(view_output(), np.full((2, 2), 6, np.float32))
    copy = interpreter.get_tensor(1)
    copy[:] = 0
    assert view_output().all(), "get_tensor gives a copy"


def test_view_outlives_the_interpreter() -> None:
    interpreter = Interpreter(model_content=doubler(2, 2))
    interpreter.allocate_tensors()
    run(interpreter, [np.full((2, 2), 4, np.float32)])
    view = interpreter.tensor(1)()
    del interpreter
    gc.collect()
    np.testing.assert_array_equal(view, np.full((2, 2), 8, np.float32))


def test_values_need_not_be_contiguous_or_aligned() -> None:
    interpreter = Interpreter(model_content=doubler(3, 4))
    interpreter.allocate_tensors()
    wanted = np.arange(12, dtype=np.float32).reshape(3, 4)
    shifted = np.frombuffer(b"\0" + wanted.tobytes(), np.uint8)[1:].view(np.float32).reshape(3, 4)
    for value in (np.asfortranarray(wanted), np.repeat(wanted, 2, 1)[:, ::2], shifted):
        np.testing.assert_array_equal(run(interpreter, [value])[0], 2 * wanted)


def test_constants_are_read_and_not_written() -> None:
    ours, theirs = Interpreter(resnet8()), litert(model_path=resnet8())
    for each in (ours, theirs):
        each.allocate_tensors()
    index = int(ours._get_ops_details()[0]["inputs"][1])
    np.testing.assert_array_equal(ours.get_tensor(index), theirs.get_tensor(index))
    with pytest.raises(ValueError):
        ours.set_tensor(index, ours.get_tensor(index))


def test_intermediate_tensors_equal_litert_when_kept() -> None:
    keep: dict[str, Any] = {"experimental_preserve_all_tensors": True}
    ours, theirs = Interpreter(resnet8(), **keep), litert(model_path=resnet8(), **keep)
    value = np.random.default_rng(2).integers(-128, 128, X.shape).astype(np.int8)
    for each in (ours, theirs):
        each.allocate_tensors()
        run(each, [value])
    for op in ours._get_ops_details():
        for index in op["outputs"]:
            np.testing.assert_array_equal(ours.get_tensor(index), theirs.get_tensor(index), op["op_name"])


def test_intermediate_tensors_are_refused_when_not_kept() -> None:
    interpreter = Interpreter(resnet8())
    interpreter.allocate_tensors()
    with pytest.raises(InterpreterError, match="preserve_all_tensors"):
        interpreter.get_tensor(int(interpreter._get_ops_details()[0]["outputs"][0]))


def test_content_may_be_any_buffer_at_any_address() -> None:
    data = doubler(2)
    shifted = memoryview(b"\0" + data)[1:]
    for content in (data, bytearray(data), memoryview(data), shifted):
        interpreter = Interpreter(None, content)
        interpreter.allocate_tensors()
        np.testing.assert_array_equal(run(interpreter, [np.ones(2, np.float32)])[0], [2, 2])


def test_path_may_be_a_path(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(doubler(2))
    assert Interpreter(path).get_input_details()[0]["name"] == "x"


def test_a_file_replaced_while_it_is_used_changes_nothing(tmp_path: Path) -> None:
    path, other = tmp_path / "model.tflite", tmp_path / "other.tflite"
    shutil.copy(resnet8(), path)
    other.write_bytes(doubler(2))
    interpreter = Interpreter(path)
    other.replace(path)
    interpreter.allocate_tensors()
    assert run(interpreter, [X])[0].shape == (1, 10)


@pytest.mark.parametrize("threads", [2, 3, 1000])
def test_threads_change_no_bit(threads: int) -> None:
    value = np.random.default_rng(3).integers(-128, 128, X.shape).astype(np.int8)
    results = []
    for count in (1, threads):
        interpreter = Interpreter(resnet8(), num_threads=count)
        interpreter.allocate_tensors()
        results.append(run(interpreter, [value])[0])
    np.testing.assert_array_equal(results[0], results[1])


def test_interpreters_run_at_the_same_time() -> None:
    values = np.random.default_rng(4).integers(-128, 128, (4, *X.shape)).astype(np.int8)
    alone = Interpreter(resnet8())
    alone.allocate_tensors()
    wanted = [run(alone, [value])[0] for value in values]
    failures: list[str] = []

    def work(value: Any, want: Any) -> None:
        interpreter = Interpreter(resnet8())
        interpreter.allocate_tensors()
        for _ in range(20):
            if not np.array_equal(run(interpreter, [value])[0], want):
                failures.append("differs")

    threads = [threading.Thread(target=work, args=pair) for pair in zip(values, wanted, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_signatures_run_their_subgraphs_and_resize() -> None:
    ours, theirs = Interpreter(str(zoo(MULTI_SIGNATURE))), litert(model_path=str(zoo(MULTI_SIGNATURE)))
    rng = np.random.default_rng(5)
    for key in theirs.get_signature_list():
        a, b = ours.get_signature_runner(key), theirs.get_signature_runner(key)
        for shape in ((10, 10), (3,), (2, 5)):
            values = {name: rng.standard_normal(shape).astype(np.float32) for name in b.get_input_details()}
            got, want = a(**values), b(**values)
            assert list(got) == list(want)
            for name in want:
                np.testing.assert_allclose(got[name], want[name], rtol=1e-6)
            assert a.get_output_details()["output"]["shape"].tolist() == list(want["output"].shape)


@pytest.mark.parametrize("change", ["nothing", "an argument too many", "a wrong name", "a wrong type"])
def test_signature_arguments_are_checked_as_by_litert(change: str) -> None:
    for each in (Interpreter(str(zoo(MULTI_SIGNATURE))), litert(model_path=str(zoo(MULTI_SIGNATURE)))):
        values = {"a": np.ones(2, np.float32), "b": np.ones(2, np.float32)}
        changes: dict[str, dict[str, Any]] = {
            "nothing": {},
            "an argument too many": {**values, "c": values["a"]},
            "a wrong name": {"a": values["a"], "c": values["b"]},
            "a wrong type": {name: value.astype(np.int64) for name, value in values.items()},
        }
        runner = each.get_signature_runner("add")
        with pytest.raises(ValueError):
            runner(**changes[change])
        assert runner(**values)["output"].tolist() == [2, 2], "the runner goes on working"


def test_several_signatures_must_be_named() -> None:
    with pytest.raises(ValueError, match="add"):
        Interpreter(str(zoo(MULTI_SIGNATURE))).get_signature_runner()


def test_main_signature_shares_its_tensors_with_the_interpreter() -> None:
    interpreter = Interpreter(str(zoo(MULTI_SIGNATURE)))
    runner = interpreter.get_signature_runner("add")
    result = runner(a=np.ones(4, np.float32), b=np.ones(4, np.float32))
    index = runner.get_output_details()["output"]["index"]
    np.testing.assert_array_equal(interpreter.get_tensor(index), result["output"])


@pytest.mark.parametrize("model", UINT8)
def test_uint8_model_runs_bit_for_bit_as_in_litert(model: str) -> None:
    path = str(zoo(f"models/{model}.tflite"))
    ours, theirs = Interpreter(path), litert(model_path=path)
    for each in (ours, theirs):
        each.allocate_tensors()
    rng = np.random.default_rng(6)
    for _ in range(3):
        value = rng.integers(0, 256, ours.get_input_details()[0]["shape"]).astype(np.uint8)
        got, want = run(ours, [value])[0], run(theirs, [value])[0]
        assert got.dtype == want.dtype == np.uint8
        np.testing.assert_array_equal(got, want)


def test_operators_without_kernels_are_named() -> None:
    path = zoo("conformance/litert/tflite_testdata/double_flex.tflite")
    with pytest.raises(RuntimeFailure, match="FlexDouble"):
        Interpreter(path).allocate_tensors()


@pytest.mark.parametrize("name", ["litert_conv3d_huge_im2col.bin", "litert_invalid_model.bin"])
def test_malformed_files_raise_value_or_runtime_errors(name: str) -> None:
    with pytest.raises((ValueError, RuntimeError)):
        Interpreter(zoo(f"conformance/malformed/{name}")).allocate_tensors()


def test_module_stands_in_for_tflite_runtime() -> None:
    """`import rillet as tflite` is enough for the usual script, delegates with a fallback included."""
    with pytest.raises(ValueError):
        rillet.load_delegate("libedgetpu.so.1")
    resolver = rillet.OpResolverType.BUILTIN_REF
    interpreter = rillet.Interpreter(model_path=resnet8(), experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    assert interpreter.get_output_details()[0]["dtype"] is np.int8


def test_refusals_are_rillet_errors() -> None:
    for kind in (InterpreterError, InvalidModel, RuntimeFailure):
        assert issubclass(kind, rillet.RilletError)
