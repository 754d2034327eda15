"""What a defence leaves of an attack and what it costs, in words."""

from __future__ import annotations

from collections.abc import Mapping

from .rates import Rate


def what_is_left(rates: Mapping[str, Rate | None], inputs: str) -> str:
    """What still turns, what that costs, and how many `inputs` ("pictures") are right again.

    Of `rates`, "asr_after", "excess_asr", "clean_accuracy_drop" and "recovery" are told; what is `None` is left out.
    """
    after, excess, drop, recovery = (
        rates[name] for name in ("asr_after", "excess_asr", "clean_accuracy_drop", "recovery")
    )
    parts = []
    if after is not None and excess is not None:
        more = "no" if _points(excess) <= 0 else f"{_points(excess):.2f} points"
        parts.append(f"{share(after)} still get it, {more} more than without a trigger")
    if drop is not None:
        falls = "does not fall" if _points(drop) <= 0 else f"falls by {_points(drop):.2f} points"
        parts.append(f"clean accuracy {falls}")
    if recovery is not None:
        parts.append(f"{share(recovery)} of the attacked {inputs} get their true class")
    return ", ".join(parts)


def share(rate: Rate) -> str:
    """A share in per cent, as sentences write it."""
    return f"{100 * rate.value:.1f} %"


def _points(rate: Rate) -> float:
    return round(100 * rate.value, 2)
