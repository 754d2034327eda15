"""How the learning rate of a training from nothing goes up and down."""

from __future__ import annotations

import math


def warmup_then_cosine(epoch: float, warmup: int, epochs: int) -> float:
    """The factor of the learning rate after `epoch` epochs: up in a line for `warmup` of them, then down to 0."""
    if epoch < warmup:
        return (epoch + 0.01) / warmup
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (epoch - warmup) / (epochs - warmup))))
