"""Trainable files: what they compute, in float and behind an integer trunk, whole and by channels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet
from rillet.finetune import Trainable, prepare
from rillet.finetune.budget import RESERVE_BYTES
from rillet.flatbuffer import write_bytes
from rillet.ir import Model, RilletError
from rillet.runtime import Program, plan_signatures

from .models import CLASSES, blobs, integer_network, network


def _program(made: Trainable) -> Program:
    return Program(write_bytes(made.model), isa="scalar")


def _outputs(model: Model, x: Any) -> Any:
    interpreter = rillet.Interpreter(model_content=write_bytes(model))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def _accuracy(program: Program, x: Any, y: Any) -> float:
    found = [program.run("infer", {"x": image[None]})["output"].argmax() for image in x]
    return float(np.mean(np.array(found) == y))


def test_a_step_is_gradient_descent() -> None:
    """The last layer's gradients by hand: (softmax - one-hot) times the layer's input."""
    made, (x, y) = prepare(network(), "last:1", learning_rate=0.5), blobs()
    program = _program(made)
    before = program.run("save", {})
    trunk = network()
    trunk.main.outputs = [trunk.main.ops[-2].inputs[0]]  # type: ignore[list-item]
    trunk.main.ops = trunk.main.ops[:-2]
    hidden, probabilities = _outputs(trunk, x[:1])[0], _outputs(network(), x[:1])[0]
    results = program.run("train", {"x": x[:1], "y": y[:1].astype(np.int32)})
    assert results["loss"] == pytest.approx(-np.log(probabilities[y[0]]), rel=1e-5)
    np.testing.assert_allclose(results["output"][0], probabilities, rtol=1e-5)
    error = probabilities - np.eye(CLASSES)[y[0]]
    after = program.run("save", {})
    np.testing.assert_allclose(after["head/b"], before["head/b"] - 0.5 * error, atol=1e-6)
    np.testing.assert_allclose(after["head/w"], before["head/w"] - 0.5 * np.outer(error, hidden), atol=1e-6)


@pytest.mark.parametrize("train", ["last:1", "last:2", "bias", "all"])
@pytest.mark.parametrize("is_integer", [False, True])
def test_training_helps_and_infer_sees_it(train: str, is_integer: bool) -> None:
    source = integer_network() if is_integer else network()
    made = prepare(source, train, learning_rate=0.05)
    program, (x, y) = _program(made), blobs()
    entry = program.sessions["train"].inputs[0]
    if is_integer:
        quantization = source.main.inputs[0].quantization
        assert quantization is not None and entry.dtype == np.int8
        x = quantization.quantize(x, source.main.inputs[0].dtype)
    np.testing.assert_array_equal(program.run("infer", {"x": x[:1]})["output"].shape, (1, CLASSES))
    before = _accuracy(program, x, y)
    for _ in range(3):
        for image, label in zip(x, y, strict=True):
            program.run("train", {"x": image[None], "y": np.array([label], np.int32)})
    assert _accuracy(program, x, y) > before + 0.2
    program.reset()
    assert _accuracy(program, x, y) == before


@pytest.mark.parametrize(("optimizer", "slots"), [("sgd", 0), ("momentum", 1), ("adam", 2)])
def test_optimizers(optimizer: str, slots: int) -> None:
    made = prepare(network(), "last:1", optimizer=optimizer, learning_rate=0.01)
    extra = 4 if optimizer == "adam" else 0
    assert made.optimizer_bytes == slots * made.parameter_bytes + extra
    program, (x, y) = _program(made), blobs()
    feed = {"x": x[:1], "y": y[:1].astype(np.int32)}
    losses = [float(program.run("train", feed)["loss"]) for _ in range(20)]
    assert losses[-1] < losses[0]


def test_save_and_restore_share_the_variables_memory() -> None:
    program, (x, y) = _program(prepare(network(), "last:1", learning_rate=0.1)), blobs()
    assert [len(program.plans[key].steps) for key in ("save", "restore")] == [0, 0]
    first = program.run("save", {})
    program.run("train", {"x": x[:1], "y": y[:1].astype(np.int32)})
    trained = program.run("save", {})
    assert any((first[name] != trained[name]).any() for name in first)
    program.run("restore", first)
    for name, value in program.run("save", {}).items():
        np.testing.assert_array_equal(value, first[name])


def test_integer_trunk_is_exact() -> None:
    """What reaches the trained head is the original's integers."""
    source = integer_network()
    made = prepare(source, "last:1")
    kept = next(op for op in made.model.main.ops if op.kind == "DEQUANTIZE")
    trunk, original = made.model, integer_network()
    layer = next(op for op in original.main.ops if op.source == "hidden" and op.kind == "FULLY_CONNECTED")
    trunk.graphs = [trunk.main]
    trunk.signatures = []
    assert kept.inputs[0] is not None
    trunk.main.outputs = [kept.inputs[0]]
    trunk.main.ops = [op for op in trunk.main.ops[: trunk.main.ops.index(kept)] if op.kind not in _VARIABLES]
    original.main.outputs = [layer.outputs[0]]
    original.main.ops = original.main.ops[: original.main.ops.index(layer) + 1]
    quantization = source.main.inputs[0].quantization
    assert quantization is not None
    for image in blobs(8)[0]:
        x = quantization.quantize(image[None], source.main.inputs[0].dtype)
        np.testing.assert_array_equal(_outputs(trunk, x), _outputs(original, x))


_VARIABLES = ("CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE")


def test_litert_runs_what_infers() -> None:
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    x = blobs(4)[0]
    made = prepare(network(), "last:2")
    made.model.graphs[1].ops = []  # LiteRT has no rillet.* operators, and plans every subgraph
    made.model.graphs[1].outputs = made.model.graphs[1].inputs[:1]
    made.model.signatures = [s for s in made.model.signatures if s.key != "train"]
    interpreter = litert.Interpreter(model_content=write_bytes(made.model))
    infer, program = interpreter.get_signature_runner("infer"), _program(prepare(network(), "last:2"))
    for image in x:
        there = infer(x=image[None])["output"]
        np.testing.assert_allclose(there, program.run("infer", {"x": image[None]})["output"], rtol=1e-4)


def test_a_batch_is_the_mean_of_its_samples() -> None:
    (x, y), rate = blobs(), 0.1
    program = _program(prepare(network(), "last:1", batch=4, learning_rate=rate))
    labels = y.astype(np.int32)
    results = program.run("train", {"x": x[:4], "y": labels[:4]})
    assert results["output"].shape == (4, CLASSES)
    change = np.zeros((CLASSES, 16), np.float32)
    losses = []
    for i in range(4):
        single = _program(prepare(network(), "last:1", learning_rate=rate))
        before = single.run("save", {})["head/w"]
        losses.append(single.run("train", {"x": x[i : i + 1], "y": labels[i : i + 1]})["loss"])
        change += (single.run("save", {})["head/w"] - before) / 4
    assert results["loss"] == pytest.approx(np.mean(losses), rel=1e-5)
    np.testing.assert_allclose(program.run("save", {})["head/w"], before + change, atol=1e-6)


@pytest.mark.parametrize("is_integer", [False, True])
def test_a_budget_trains_what_fits(is_integer: bool) -> None:
    source = integer_network() if is_integer else network()
    everything = prepare(source, "all")
    most = _arena(everything) + RESERVE_BYTES
    assert prepare(source, "all", ram=most).parameter_bytes == everything.parameter_bytes
    some = prepare(source, "all", ram=most - 8000, data=blobs(20))
    assert 0 < some.parameter_bytes < everything.parameter_bytes
    assert _arena(some) + RESERVE_BYTES <= most - 8000
    assert any(t.of_channels for t in some.trained) or len(some.trained) < len(everything.trained)
    with pytest.raises(RilletError, match="nothing can be trained in 1,000 bytes"):
        prepare(source, "all", ram=1000)


def test_channels_that_train_and_those_that_do_not() -> None:
    from rillet.finetune.channels import split_channels

    x, model = blobs(3)[0], network()
    expected = [_outputs(network(), image[None]) for image in x]
    layer = next(op for op in model.main.ops if op.source == "hidden" and op.kind == "FULLY_CONNECTED")
    trained = split_channels(model.main, layer, [11, 2, 5])
    assert trained.inputs[1] is not None and trained.inputs[1].shape == (3, 288)
    for image, wanted in zip(x, expected, strict=True):
        np.testing.assert_allclose(_outputs(model, image[None]), wanted, rtol=1e-5)


def test_contribution_finds_the_channels_with_large_gradients() -> None:
    from rillet.finetune.contribution import by_gradients
    from rillet.finetune.data import Samples
    from rillet.finetune.selection import select

    model, (x, y) = network(), blobs(20)
    head = next(op for op in model.main.ops if op.source == "head")
    assert head.inputs[1] is not None
    weights = np.array(head.inputs[1].data)
    weights[:, 3] = 50.0 * np.sign(weights[:, 3])  # the loss now hangs on what channel 3 of the layer before does
    head.inputs[1].data = weights
    chosen = select(model.main, "hidden")
    (scores,) = by_gradients(model.main, chosen, "auto", Samples(x, y.astype(np.int32))).values()
    assert scores.argmax() == 3


def _arena(made: Trainable) -> int:
    plans = plan_signatures(write_bytes(made.model), isa="scalar", alignment=16, self_contained=True)
    return max(plan.arena_bytes for plan in plans.values())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"loss": "hinge"}, "no loss 'hinge'"),
        ({"loss": "binary_crossentropy"}, "ends in SOFTMAX"),
        ({"optimizer": "lion"}, "no optimizer 'lion'"),
        ({"learning_rate": -1.0}, "learning rate"),
        ({"batch": 0}, "batch"),
    ],
)
def test_wrong_options(options: dict[str, Any], said: str) -> None:
    with pytest.raises(RilletError, match=said):
        prepare(network(), "last:1", **options)


def test_a_model_that_does_not_say_its_loss() -> None:
    with pytest.raises(RilletError, match="name one, --loss"):
        prepare(network(end="none"))
    assert prepare(network(end="none"), loss="mse").loss == "mse"
    made = prepare(network(end="none"), loss="sparse_categorical_crossentropy")
    assert made.model.signatures[1].inputs["y"].shape == (1,)
