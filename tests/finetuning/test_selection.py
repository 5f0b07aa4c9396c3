"""What trains: choices in words, and refusals that say what there is."""

from __future__ import annotations

import pytest

from rillet.finetune.selection import parameters, select
from rillet.ir import Model, RilletError
from rillet.ops import GraphBuilder

from .models import network


def _names(train: str) -> list[str]:
    return [p.tensor.name for p in select(network().main, train)]


def test_parameters_are_those_of_layers_in_order() -> None:
    names = ["conv/w", "conv/b", "depth/w", "depth/b", "hidden/w", "hidden/b", "head/w", "head/b"]
    assert [p.tensor.name for p in parameters(network().main)] == names
    assert _names("all") == names


@pytest.mark.parametrize(
    ("train", "wanted"),
    [
        ("last:1", ["head/w", "head/b"]),
        ("last:2", ["hidden/w", "hidden/b", "head/w", "head/b"]),
        ("bias", ["conv/b", "depth/b", "hidden/b", "head/b"]),
        ("head/w", ["head/w"]),
        ("head, conv/b", ["conv/b", "head/w", "head/b"]),
    ],
)
def test_choices(train: str, wanted: list[str]) -> None:
    assert _names(train) == wanted


@pytest.mark.parametrize(
    ("train", "said"),
    [
        ("last:9", "4 layers"),
        ("last:0", "last:1 to last:4"),
        ("last:x", "4 layers"),
        ("haed", "'head'"),
        ("", "all, bias and last:K"),
    ],
)
def test_wrong_choices_are_refused(train: str, said: str) -> None:
    with pytest.raises(RilletError, match=said):
        _names(train)


def test_nothing_to_train() -> None:
    b = GraphBuilder()
    b.output(b.op("SOFTMAX", [b.input("x", (1, 4))], beta=1.0))
    with pytest.raises(RilletError, match="nothing to train"):
        select(Model([b.graph]).main, "all")
