"""`--ram`: a limit of RAM, and what runs in patches because of it."""

from __future__ import annotations

from ..zoo import zoo
from .conftest import Rillet

PERSON = "models/tflite_micro/person_detect.tflite"


def test_plan_shows_what_runs_in_patches(rillet: Rillet) -> None:
    path = zoo(PERSON)
    fitting = rillet("plan", path, "--ram", "36K", "--json").json["fitting"]
    assert fitting["arena_after"] <= 36 * 1024 < fitting["arena_before"]
    assert fitting["layers"][0]["rows"] > 1
    told = rillet("plan", path, "--ram", "36K")
    assert told.status == 0 and "% MACs" in told.out and "in patches, from" in told.out
    roomy = rillet("plan", path, "--ram", "1M")
    assert "no patches needed" in roomy.out


def test_wrong_sizes_are_refused(rillet: Rillet) -> None:
    path = zoo(PERSON)
    for size in ("many", "-3", "0", "K"):
        done = rillet("plan", path, "--ram", size)
        assert done.status != 0 and "is no size in bytes" in done.err
