"""Rates with 95 % intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rate:
    """A share of `n` cases with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int


def proportion(hits: np.ndarray) -> Rate:
    """The share of `True` in `hits` with Wilson's score interval (1927); of no cases it is NaN."""
    n = len(hits)
    if n == 0:
        return Rate(math.nan, math.nan, math.nan, 0)
    z = 1.959964
    share = float(np.mean(hits))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # Rounding must not leave a share of 0 or 1 outside its own interval.
    return Rate(share, min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)), n)


def paired_difference(first: np.ndarray, second: np.ndarray) -> Rate:
    """The difference of two shares over the same cases (`first` minus `second`), with Newcombe's interval for pairs.

    Method 10 of his paper of 1998 (Statistics in Medicine 17, 2635): the two Wilson intervals, and how far the two
    agree. Unlike the normal interval it has a width where all pairs agree, and stays between -1 and 1. Of no cases it
    is NaN.
    """
    return _difference(proportion(first), proportion(second), _agreement(first, second))


def unpaired_difference(first: np.ndarray, second: np.ndarray) -> Rate:
    """The difference of two shares over different cases, with Newcombe's interval from the two Wilson intervals (1998).

    Of no cases on either side it is NaN.
    """
    return _difference(proportion(first), proportion(second), 0.0)


def _difference(one: Rate, two: Rate, agreement: float) -> Rate:
    """`one` minus `two`, its interval from theirs and how far the two agree, -1 to 1."""
    value = one.value - two.value
    low = value - _side(one.value - one.low, two.high - two.value, agreement)
    high = value + _side(one.high - one.value, two.value - two.low, agreement)
    # Rounding must not lead out of what is possible; of no cases, all is NaN.
    return Rate(value, float(np.clip(low, -1, 1)), float(np.clip(high, -1, 1)), min(one.n, two.n))


def _side(one: float, two: float, agreement: float) -> float:
    """How far an interval reaches: the sides of two that are subtracted, the less the more they agree."""
    return float(np.sqrt(np.maximum(0.0, one * one - 2 * agreement * one * two + two * two)))


def _agreement(first: np.ndarray, second: np.ndarray) -> float:
    """The correlation of yes and no over the same cases, -1 to 1, made smaller by Newcombe's correction for few."""
    one, two, n = first.astype(bool), second.astype(bool), len(first)
    both, neither = int((one & two).sum()), int((~one & ~two).sum())
    excess = both * neither - int((one & ~two).sum()) * int((~one & two).sum())
    spread = math.sqrt(float(one.sum()) * float((~one).sum()) * float(two.sum()) * float((~two).sum()))
    if spread == 0:
        return 0.0
    return (excess if excess < 0 else max(0.0, excess - n / 2)) / spread


def area_under_roc(benign: np.ndarray, malicious: np.ndarray, rounds: int = 1_000) -> Rate:
    """How often a malicious input scores above a benign one, with a stratified bootstrap interval (seed 0)."""
    from sklearn.metrics import roc_auc_score

    n = len(benign) + len(malicious)
    if len(benign) == 0 or len(malicious) == 0:
        return Rate(math.nan, math.nan, math.nan, n)
    truth = np.concatenate([np.zeros(len(benign)), np.ones(len(malicious))])
    value = float(roc_auc_score(truth, np.concatenate([benign, malicious])))
    # A bootstrap over ranks: each draw re-weighs how often every case occurs.
    rng = np.random.default_rng(0)
    _, ranks = np.unique(np.concatenate([benign, malicious]), return_inverse=True)
    size = int(ranks.max()) + 1
    below, above = np.bincount(ranks[: len(benign)], minlength=size), np.bincount(ranks[len(benign) :], minlength=size)
    draws = np.empty(rounds)
    for index in range(rounds):
        clean = rng.multinomial(len(benign), below / len(benign))
        bad = rng.multinomial(len(malicious), above / len(malicious))
        draws[index] = (bad * (np.cumsum(clean) - 0.5 * clean)).sum() / (len(benign) * len(malicious))
    low, high = np.quantile(draws, [0.025, 0.975])
    return Rate(value, float(low), float(high), n)
