"""How much of work in stages is done."""

from __future__ import annotations

from collections.abc import Mapping


def share_done(weights: Mapping[str, float], shares: Mapping[str, float]) -> float:
    """How much of all stages is done, by how long each takes.

    Args:
        weights: how long each stage takes compared with the others; none is negative.
        shares: how much of a stage is done, 0 to 1; a stage that is missing has not begun, and one without a weight
            counts for nothing.

    Returns:
        0 to 1; 0 if nothing has a weight.

    Example:
        >>> share_done({"quick": 1.0, "slow": 9.0}, {"quick": 1.0, "slow": 0.5})
        0.55
    """
    total = sum(weights.values())
    done = sum(weight * min(1.0, max(0.0, shares.get(stage, 0.0))) for stage, weight in weights.items())
    return min(1.0, done / total) if total else 0.0
