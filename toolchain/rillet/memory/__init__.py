"""Arena planning: lifetimes, placement, and the plan's place in a file."""

from .lifetimes import IN_PLACE, SHARES_BYTES, Block, is_placed, lifetimes
from .offline import decode_offline_plan, encode_offline_plan
from .plan import MemoryPlan, PlacedBlock, plan

__all__ = [
    "IN_PLACE",
    "SHARES_BYTES",
    "Block",
    "MemoryPlan",
    "PlacedBlock",
    "decode_offline_plan",
    "encode_offline_plan",
    "is_placed",
    "lifetimes",
    "plan",
]
