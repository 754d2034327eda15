"""Rates with 95 % intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rate:
    """A share, or a difference of two, with its 95 % interval.

    Attributes:
        value: NaN if there is no case.
        low: lower end of the interval.
        high: upper end of the interval.
        n: how many cases.
    """

    value: float
    low: float
    high: float
    n: int


def proportion(hits: np.ndarray) -> Rate:
    """A share with Wilson's score interval (1927).

    Args:
        hits: bool `[n]`.

    Returns:
        NaN of no cases.

    Example:
        >>> rate = proportion(np.array([True] * 9 + [False]))
        >>> rate.value, round(rate.low, 3), round(rate.high, 3)
        (0.9, 0.596, 0.982)
    """
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
    """The difference of two shares over the same cases, with Newcombe's interval for pairs.

    Unlike the normal interval it has a width where all pairs agree, and stays between -1 and 1.

    Args:
        first: hits, bool `[n]`.
        second: hits over the same cases, bool `[n]`, whose share is taken off.

    Returns:
        NaN of no cases.

    Source:
        Method 10 of Newcombe, Statistics in Medicine 17, 2635 (1998): the two Wilson intervals, and how far the two
        agree.
    """
    return _difference(proportion(first), proportion(second), _agreement(first, second))


def unpaired_difference(first: np.ndarray, second: np.ndarray) -> Rate:
    """The difference of two shares over different cases, with Newcombe's interval from the two Wilson intervals (1998).

    Args:
        first: hits, bool `[n]`.
        second: hits, bool `[m]`, whose share is taken off.

    Returns:
        NaN of no cases on either side.
    """
    return _difference(proportion(first), proportion(second), 0.0)


def _difference(first: Rate, second: Rate, agreement: float) -> Rate:
    """`first` minus `second`, its interval from theirs and how far the two agree, -1 to 1."""
    value = first.value - second.value
    low = value - _side(first.value - first.low, second.high - second.value, agreement)
    high = value + _side(first.high - first.value, second.value - second.low, agreement)
    # Rounding must not lead out of what is possible; of no cases, all is NaN.
    return Rate(value, float(np.clip(low, -1, 1)), float(np.clip(high, -1, 1)), min(first.n, second.n))


def _side(first: float, second: float, agreement: float) -> float:
    """How far an interval reaches: the sides of two that are subtracted, the less the more they agree."""
    return float(np.sqrt(np.maximum(0.0, first * first - 2 * agreement * first * second + second * second)))


def _agreement(first: np.ndarray, second: np.ndarray) -> float:
    """The correlation of yes and no over the same cases, -1 to 1, made smaller by Newcombe's correction for few."""
    first, second, n = first.astype(bool), second.astype(bool), len(first)
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    excess = both * neither - int((first & ~second).sum()) * int((~first & second).sum())
    spread = math.sqrt(float(first.sum()) * float((~first).sum()) * float(second.sum()) * float((~second).sum()))
    if spread == 0:
        return 0.0
    return (excess if excess < 0 else max(0.0, excess - n / 2)) / spread


def area_under_roc(benign: np.ndarray, malicious: np.ndarray, rounds: int = 1_000) -> Rate:
    """How often a malicious input scores above a benign one, with a stratified bootstrap interval (seed 0).

    Args:
        benign: scores, `[n]`.
        malicious: scores, `[m]`.
        rounds: of the bootstrap; 1,000 by default.

    Returns:
        NaN without scores on either side.
    """
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


def excess_asr(succeeds: np.ndarray, base: np.ndarray, paired: bool) -> Rate:
    """How much more often inputs get the attacker's class with a trigger than without any.

    Args:
        succeeds: whether each attacked input of another class gets the attacker's class, `bool [n]`.
        base: whether each clean input of another class gets it from the untouched model, `bool [m]`.
        paired: whether both are about the same inputs, in the same order.
    """
    return paired_difference(succeeds, base) if paired else unpaired_difference(succeeds, base)
