"""Training runs in this process: data, live numbers, checkpoints, and what stops them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rillet import finetune
from rillet.finetune import LabelledArrays, Progress
from rillet.ir import RilletError

from .models import blobs, integer_network, network, saved


@pytest.fixture
def trainable(tmp_path: Path) -> Path:
    return saved(finetune.prepare(network(), "last:2", learning_rate=0.05).model, tmp_path, "trainable.tflite")


def test_a_run_tells_and_saves(trainable: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    path = tmp_path / "c.ck"
    result = finetune.run(trainable, blobs(), epochs=3, test=blobs(60, 9), checkpoint=path, tell=told.append)
    assert result.accuracy_after is not None and result.accuracy_before is not None
    assert result.accuracy_after > max(0.9, result.accuracy_before)
    assert result.steps == 3 * 120 == len(told)
    assert (told[-1].epoch, told[-1].step, told[-1].steps) == (3, 120, 120)
    assert told[-1].loss == result.epochs[-1].loss < result.epochs[0].loss
    assert path.stat().st_size == result.checkpoint_bytes


def test_going_on_is_the_same_as_not_stopping(trainable: Path, tmp_path: Path) -> None:
    """Two runs of one epoch end where one run of two does: the optimizer's variables are saved as well."""
    model = saved(finetune.prepare(network(), "last:1", optimizer="adam").model, tmp_path, "adam.tflite")
    once, first, second = (tmp_path / name for name in ("once.ck", "first.ck", "second.ck"))
    finetune.run(model, blobs(40), epochs=2, checkpoint=once)
    finetune.run(model, blobs(40), checkpoint=first)
    result = finetune.run(model, blobs(40), seed=1, restore=first, checkpoint=second)
    assert result.steps == 80
    assert once.read_bytes() == second.read_bytes()


def test_a_loss_that_is_no_number_stops_and_spares_the_checkpoint(tmp_path: Path) -> None:
    model = saved(finetune.prepare(network(), "last:2", learning_rate=1e30).model, tmp_path)
    path = tmp_path / "c.ck"
    path.write_bytes(b"the last good one")
    with pytest.raises(RilletError, match="lower the learning rate"):
        finetune.run(model, blobs(), checkpoint=path)
    assert path.read_bytes() == b"the last good one"


def test_another_models_checkpoint(trainable: Path, tmp_path: Path) -> None:
    other = saved(finetune.prepare(network(seed=2), "last:2").model, tmp_path, "other.tflite")
    finetune.run(other, blobs(10), checkpoint=tmp_path / "other.ck")
    with pytest.raises(RilletError, match="another trainable file"):
        finetune.run(trainable, blobs(10), restore=tmp_path / "other.ck")


def test_real_numbers_are_quantized_for_integer_models(tmp_path: Path) -> None:
    model = saved(finetune.prepare(integer_network(), "last:2", learning_rate=0.05).model, tmp_path)
    result = finetune.run(model, blobs(), epochs=3)
    assert result.epochs[-1].accuracy is not None and result.epochs[-1].accuracy > 0.9


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ((np.zeros((4, 5, 5, 1)), np.zeros(4, int)), "the model takes"),
        ((np.zeros((4, 6, 6, 1)), np.zeros(3, int)), "4 samples in x, 3 labels"),
        ((np.zeros((0, 6, 6, 1)), np.zeros(0, int)), "0 samples"),
        ((np.zeros((4, 6, 6, 1)), np.full(4, 3)), "classes 0 to 2"),
        ((np.zeros((4, 6, 6, 1)), np.zeros(4)), "classes 0 to 2"),
        ((np.full((4, 6, 6, 1), np.nan), np.zeros(4, int)), "no numbers"),
    ],
)
def test_data_that_does_not_fit(trainable: Path, data: LabelledArrays, said: str) -> None:
    with pytest.raises(RilletError, match=said):
        finetune.run(trainable, data)


def test_files_that_do_not_fit(trainable: Path, tmp_path: Path) -> None:
    (tmp_path / "d.npz").write_bytes(b"no zip")
    with pytest.raises(RilletError, match="arrays x and y"):
        finetune.run(trainable, tmp_path / "d.npz")
    with pytest.raises(RilletError, match="rillet finetune prepare"):
        finetune.run(saved(network(), tmp_path), blobs())
    with pytest.raises(RilletError, match="--batch 4"):
        finetune.run(trainable, blobs(), batch=4)
