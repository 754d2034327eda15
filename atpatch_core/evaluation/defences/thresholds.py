"""One way for all defences to set their threshold: the same false-positive rate on the same clean images."""

from __future__ import annotations

import math

import numpy as np


def conformal_cut(clean_scores: np.ndarray, false_positive_rate: float) -> float:
    """The score from which on an input is flagged, so that at most a wanted share of further clean inputs is.

    Args:
        clean_scores: of clean inputs, `[n]`.
        false_positive_rate: the wanted share; `n` scores can bound none under 1 / (n + 1), and a smaller one is taken
            as that.

    Raises:
        ValueError: there are no scores.

    Example:
        >>> round(conformal_cut(np.arange(100.0), false_positive_rate=0.05), 6)
        95.0
    """
    n = len(clean_scores)
    if n == 0:
        raise ValueError("A threshold needs the scores of some clean inputs.")
    # Rounded, because 1 - (1 - 1 / (n + 1)) is not quite 1 / (n + 1).
    rank = min(n, math.ceil(round((n + 1) * (1 - false_positive_rate), 6)))
    return float(np.nextafter(np.sort(clean_scores)[rank - 1], np.inf))
