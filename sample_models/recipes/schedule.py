"""How the learning rate of a training goes up and down."""

from __future__ import annotations

import math


def warmup_then_cosine(epoch: float, warmup: int, epochs: int) -> float:
    """The factor of the learning rate after `epoch` epochs: up in a line for `warmup` of them, then down to 0."""
    if epoch < warmup:
        return (epoch + 0.01) / warmup
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (epoch - warmup) / (epochs - warmup))))


def warmup_then_linear(done: float, warmup: float) -> float:
    """The factor when the share `done` of all steps is done: up in a line for the share `warmup`, then down to 0."""
    return (done + 1e-3) / warmup if done < warmup else max(0.0, (1 - done) / (1 - warmup))
