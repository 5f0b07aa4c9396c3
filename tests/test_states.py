"""Models with variables against LiteRT's reference kernels, run after run, and after a reset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from .test_litert_equality import ISAS, assert_equal, random_inputs, reference, run
from .zoo import zoo

from rillet.runtime import Interpreter, Plan, Session  # isort: skip

MODELS = [
    "models/micro_wake_word/v1_alexa",
    "models/micro_wake_word/v2_alexa",
    "models/tflite_micro/dtln_noise_suppression",
    "models/tflite_micro/keyword_scrambled",
    "models/tflite_micro/micro_speech_lstm",
    "models/tflite_micro/mnist_lstm_float",
    "models/tflite_micro/mnist_lstm_int8",
    "conformance/litert/quant_converter/lstm_calibrated",
    "conformance/litert/quant_converter/resource_vars_calibrated",
    "conformance/litert/quant_converter/unidirectional_sequence_lstm_quantized",
    "conformance/litert/tflite_testdata/call_once_mul",
    "conformance/litert/tflite_testdata/custom_lstm",
]
RUNS = 4


def assert_same_run(ours: Session, judge: Any, inputs: list[NDArray[Any]]) -> None:
    for place, value in zip(ours.inputs, inputs, strict=True):
        place[...] = value
    ours.invoke()
    for got, want in zip(ours.outputs, run(judge, inputs), strict=True):
        assert_equal(got, want)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("model", MODELS)
def test_state_goes_on_from_run_to_run(model: str, isa: str) -> None:
    path = zoo(f"{model}.tflite")
    judge = reference(path)
    judge.allocate_tensors()
    ours = Session(Plan(path.read_bytes(), isa=isa))
    rng = np.random.default_rng(11)
    for _ in range(RUNS):
        assert_same_run(ours, judge, random_inputs(rng, judge.get_input_details()))


@pytest.mark.parametrize("model", MODELS)
def test_reset_starts_anew(model: str) -> None:
    path = zoo(f"{model}.tflite")
    ours = Interpreter(path)
    ours.allocate_tensors()
    rng = np.random.default_rng(12)
    sequence = [random_inputs(rng, ours.get_input_details()) for _ in range(RUNS)]
    first = [run(ours, inputs) for inputs in sequence]
    ours.reset_all_variables()
    for inputs, wanted in zip(sequence, first, strict=True):
        for got, want in zip(run(ours, inputs), wanted, strict=True):
            np.testing.assert_array_equal(got, want)


def test_self_contained_plan_has_first_values() -> None:
    """An exported plan starts like the file does: first values come with the image."""
    content = zoo("models/micro_wake_word/v2_alexa.tflite").read_bytes()
    borrowed, own = Session(Plan(content)), Session(Plan(content, self_contained=True))
    rng = np.random.default_rng(13)
    for _ in range(RUNS):
        value = rng.integers(-128, 128, borrowed.inputs[0].shape, np.int8)
        for session in (borrowed, own):
            session.inputs[0][...] = value
            session.invoke()
        np.testing.assert_array_equal(own.outputs[0], borrowed.outputs[0])
