"""Cases of `rillet.ops.random`."""

from ..case import Case

_SEEDS = ({"seed": 7, "seed2": 0}, {"seed": -3, "seed2": 1 << 40})

CASES = [
    Case(kind, f"{shape} seed {attrs['seed']}", [list(shape)], attrs)
    for kind in ("RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL")
    for shape in ((3, 5), (16,))
    for attrs in _SEEDS
]
