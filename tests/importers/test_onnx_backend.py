"""Every claimed case of the ONNX backend test suite gives the outputs it must."""

from __future__ import annotations

from fnmatch import fnmatch

import onnx
import pytest

from rillet.importers.onnx import claims
from rillet.importers.onnx.node import NEWEST_OPSET
from rillet.ir import RilletError

from .onnx_cases import Case, claimed_cases, run_case

EXCLUDED = {
    "test_cast*FLOAT8*": "8-bit floats have no TFLite type",
    "test_cast*FLOAT4E2M1*": "4-bit floats have no TFLite type",
    "test_cast*INT4*": "4-bit integers are a storage format of weights in TFLite",
    "test_cast*INT2*": "2-bit integers are a storage format of weights in TFLite",
    "test_cast*_to_BFLOAT16*": "bfloat16 is computed in float32, which does not round its mantissa away",
    "test_celu_bfloat16*": "bfloat16 is computed in float32, which does not round its mantissa away",
    "test_*quantizelinear_e?m*": "8-bit floats have no TFLite type",
    "test_*quantizelinear_float4e2m1": "4-bit floats have no TFLite type",
    "test_*quantizelinear_*int4": "4-bit integers are a storage format of weights in TFLite",
    "test_*quantizelinear_*int2": "2-bit integers are a storage format of weights in TFLite",
    "test_*quantizelinear_uint16": "TFLite quantizes to int16, not to uint16",
    "test_*quantizelinear_blocked*": "blockwise scales",
    "test_equal_string*": "strings",
    "test_identity_opt": "an optional value is no tensor",
    "test_identity_sequence": "a sequence is no tensor",
    "test_batchnorm_*_training_mode": "training mode",
    "test_training_dropout": "training mode: random",
    "test_training_dropout_default": "training mode: random",
    "test_training_dropout_mask": "training mode: random",
    "test_training_dropout_default_mask": "training mode: random",
    "test_convtranspose_3d": "3-D convolution",
    "test_Conv3d*": "3-D convolution",
    "test_maxpool_with_argmax_2d_*": "output Indices",
    "test_gathernd_example_int32_batch_dim1": "batch_dims",
}
LEAST = {"node": 1000, "simple": 5, "pytorch-converted": 70, "pytorch-operator": 30}


def _reason(case: Case) -> str | None:
    return next((reason for pattern, reason in EXCLUDED.items() if fnmatch(case.name, pattern)), None)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # cases with infinities and NaN on purpose
@pytest.mark.parametrize("archive", sorted(LEAST))
def test_claimed_cases(archive: str) -> None:
    cases = [case for case in claimed_cases(archive) if _reason(case) is None]
    failures = []
    for case in cases:
        try:
            run_case(case)
        except (RilletError, AssertionError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            failures.append(f"{case.name}: {type(error).__name__}: {' '.join(str(error).split())[:200]}")
    assert not failures, "\n".join(failures)
    assert len(cases) >= LEAST[archive]


def test_exclusions_are_needed_and_refused_clearly() -> None:
    """An excluded case that works is no exclusion; one that fails must fail with an error of rillet or a difference."""
    cases = [case for archive in LEAST for case in claimed_cases(archive)]
    for pattern in EXCLUDED:
        matching = [case for case in cases if fnmatch(case.name, pattern)]
        assert matching, f"{pattern} matches no claimed case"
        for case in matching:
            if pattern in ("test_identity_opt", "test_identity_sequence"):
                continue  # their input files hold no tensor to feed
            with pytest.raises((RilletError, AssertionError)):
                run_case(case)


def test_claims_reach_the_newest_opset() -> None:
    if onnx.defs.onnx_opset_version() > NEWEST_OPSET:
        pytest.skip("the installed onnx is newer than the one that the claims were made with")
    first: dict[str, int] = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain == "":
            first[schema.name] = min(first.get(schema.name, schema.since_version), schema.since_version)
    for claim in claims():
        assert first[claim.op_type] <= claim.min_opset <= claim.max_opset <= NEWEST_OPSET, claim
